import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import type { LoadAttributes } from '../../src/model/program-spec.ts'
import { returning } from '../support/assembler.ts'
import { canTestLinux, openTestHost, run } from '../support/linux.ts'

describe.skipIf(!canTestLinux)('what is attached without a link', () => {
  const host = openTestHost()
  let kernel: Kernel
  beforeAll(() => {
    kernel = openLinuxKernel()
  })
  afterAll(() => {
    kernel?.close()
    host[Symbol.dispose]()
  })

  const load = (over: Pick<LoadAttributes, 'type' | 'attachType'>, result: number): Promise<Fd<'program'>> =>
    kernel.loadProgram({
      name: 'program',
      load: { flags: 0, license: 'GPL', ...over },
      instructions: returning(result),
      references: [],
    })
  const idOf = (program: Fd<'program'>): number => kernel.describe(program).id
  const at = (): { interface: string; ifindex: number } => ({ interface: host.veth.name, ifindex: host.veth.ifindex })

  test('programs attached without a link are told, those of links are not', async () => {
    using pass = await load({ type: 'xdp' }, 2)
    const target = { kind: 'xdp', ...at() } as const
    expect(kernel.attachedWithoutLink(target)).toEqual([])
    {
      using _link = kernel.createLink({ program: pass, target })
      expect(kernel.attachedWithoutLink(target)).toEqual([])
    }
    kernel.pin(pass, `${host.bpffs}/pass`)
    run('ip', 'link', 'set', host.veth.name, 'xdp', 'pinned', `${host.bpffs}/pass`)
    expect(kernel.attachedWithoutLink(target)).toEqual([idOf(pass)])
    run('ip', 'link', 'set', host.veth.name, 'xdp', 'off')
    expect(kernel.attachedWithoutLink(target)).toEqual([])
    kernel.bpffs.unpin(`${host.bpffs}/pass`)
  })

  test('programs on any interface are found, in whatever datagram of the answer they stand', async () => {
    const others = Array.from({ length: 30 }, (_, index) => `${host.veth.name}x${index}`)
    using pass = await load({ type: 'xdp' }, 2)
    using filter = await load({ type: 'sched_cls' }, 0)
    kernel.pin(pass, `${host.bpffs}/on-xdp`)
    kernel.pin(filter, `${host.bpffs}/in-tc`)
    const [last = ''] = others.slice(-1)
    try {
      // Enough of them that the kernel tells them in several parts.
      for (const name of others) run('ip', 'link', 'add', name, 'type', 'veth', 'peer', 'name', `${name}y`)
      expect(kernel.programsOnInterfaces()).not.toContain(idOf(pass))
      run('ip', 'link', 'set', last, 'xdpgeneric', 'pinned', `${host.bpffs}/on-xdp`)
      run('tc', 'qdisc', 'add', 'dev', last, 'clsact')
      run('tc', 'filter', 'add', 'dev', last, 'egress', 'bpf', 'direct-action', 'object-pinned', `${host.bpffs}/in-tc`)
      expect(kernel.programsOnInterfaces()).toEqual(expect.arrayContaining([idOf(pass), idOf(filter)]))
    } finally {
      for (const name of others) run('ip', 'link', 'del', name)
      for (const name of ['on-xdp', 'in-tc']) kernel.bpffs.unpin(`${host.bpffs}/${name}`)
    }
    expect(kernel.programsOnInterfaces()).not.toContain(idOf(pass))
  })

  test('a cgroup program attached by PROG_ATTACH is told', async () => {
    using program = await load({ type: 'cgroup_skb', attachType: 'cgroup_inet_egress' }, 1)
    const path = host.cgroup
    const target = {
      kind: 'cgroup',
      path,
      cgroupId: kernel.cgroupId(path) ?? 0,
      attachType: 'cgroup_inet_egress',
    } as const
    kernel.pin(program, `${host.bpffs}/egress`)
    run('bpftool', 'cgroup', 'attach', path, 'cgroup_inet_egress', 'pinned', `${host.bpffs}/egress`, 'multi')
    using linked = await load({ type: 'cgroup_skb', attachType: 'cgroup_inet_egress' }, 1)
    using _link = kernel.createLink({ program: linked, target })
    expect(kernel.attachedWithoutLink(target)).toEqual([idOf(program)])
    run('bpftool', 'cgroup', 'detach', path, 'cgroup_inet_egress', 'pinned', `${host.bpffs}/egress`)
    expect(kernel.attachedWithoutLink(target)).toEqual([])
    kernel.bpffs.unpin(`${host.bpffs}/egress`)
  })

  test('a program in a tc filter is told, that of a tcx link is not', async () => {
    const target = { kind: 'tcx', ...at(), direction: 'ingress' } as const
    expect(kernel.attachedWithoutLink(target)).toEqual([])
    using linked = await load({ type: 'sched_cls' }, -1)
    using _link = whereKnown(() => kernel.createLink({ program: linked, target }))
    expect(kernel.attachedWithoutLink(target)).toEqual([])
    using filter = await load({ type: 'sched_cls' }, -1)
    const path = `${host.bpffs}/filter`
    kernel.pin(filter, path)
    run('tc', 'qdisc', 'add', 'dev', target.interface, 'clsact')
    run('tc', 'filter', 'add', 'dev', target.interface, 'ingress', 'bpf', 'direct-action', 'object-pinned', path)
    expect(kernel.attachedWithoutLink(target)).toEqual([idOf(filter)])
    expect(kernel.attachedWithoutLink({ ...target, direction: 'egress' })).toEqual([])
    run('tc', 'qdisc', 'del', 'dev', target.interface, 'clsact')
    expect(kernel.attachedWithoutLink(target)).toEqual([])
    kernel.bpffs.unpin(path)
  })

  test('an interface that does not exist has nothing attached by netlink', () => {
    expect(kernel.attachedWithoutLink({ kind: 'xdp', interface: 'gone0', ifindex: 0x7ffffff0 })).toEqual([])
  })
})

/** Undefined before Linux 6.6, which has no such links. */
function whereKnown(attach: () => Fd<'link'>): Fd<'link'> | undefined {
  try {
    return attach()
  } catch (error) {
    expect(error).toMatchObject({ errno: 'EINVAL' })
    return undefined
  }
}
