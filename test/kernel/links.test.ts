import { statSync } from 'node:fs'
import { constants } from 'node:os'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadAddon } from '../../src/kernel/addon.ts'
import type { Fd, Kernel, LinkInfo } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import type { ProgramLoad } from '../../src/kernel/program-load.ts'
import type { LinkTarget } from '../../src/model/link-spec.ts'
import { linkRules } from '../../src/model/link-spec.ts'
import type { LoadAttributes } from '../../src/model/program-spec.ts'
import { assemble, atomicAdd, exit, loadReference, mov, returning } from '../support/assembler.ts'
import { canTestLinux, openTestHost, run, sendPacket } from '../support/linux.ts'

interface Case {
  readonly kind: LinkTarget['kind']
  readonly load: Partial<LoadAttributes> & Pick<LoadAttributes, 'type'>
  /** What the program returns to let everything go on. */
  readonly result: number
  readonly target: () => LinkTarget
  /** What bpf_link_info should tell. */
  readonly info: () => LinkInfo['target']
  readonly type?: string
}

describe.skipIf(!canTestLinux)('links on Linux', () => {
  const host = openTestHost()
  let kernel: Kernel
  beforeAll(() => {
    kernel = openLinuxKernel()
  })
  afterAll(() => {
    kernel?.close()
    host[Symbol.dispose]()
  })

  const load = (over: Case['load'], result: number, name = 'program'): Promise<Fd<'program'>> => {
    const request: ProgramLoad = {
      name,
      load: { flags: 0, license: 'GPL', ...over },
      instructions: returning(result),
      references: [],
    }
    return kernel.loadProgram(request)
  }
  const idOf = (program: Fd<'program'>): number => kernel.describe(program).id
  const at = (): { interface: string; ifindex: number } => ({ interface: host.veth.name, ifindex: host.veth.ifindex })
  const ownNamespace = (): string => host.veth.peer.namespacePath

  const cases: readonly Case[] = [
    {
      kind: 'xdp',
      load: { type: 'xdp' },
      result: 2,
      target: () => ({ kind: 'xdp', ...at(), mode: 'native' }),
      info: () => ({ kind: 'xdp', ifindex: host.veth.ifindex }),
    },
    {
      kind: 'tcx',
      load: { type: 'sched_cls' },
      result: -1,
      target: () => ({ kind: 'tcx', ...at(), direction: 'egress' }),
      info: () => ({ kind: 'tcx', ifindex: host.veth.ifindex, direction: 'egress' }),
    },
    {
      kind: 'cgroup',
      load: { type: 'cgroup_sock_addr', attachType: 'cgroup_inet4_connect' },
      result: 1,
      target: () => ({
        kind: 'cgroup',
        path: host.cgroup,
        cgroupId: statSync(host.cgroup).ino,
        attachType: 'cgroup_inet4_connect',
      }),
      info: () => ({ kind: 'cgroup', cgroupId: statSync(host.cgroup).ino, attachType: 'cgroup_inet4_connect' }),
    },
    {
      kind: 'netns',
      load: { type: 'sk_lookup', attachType: 'sk_lookup' },
      result: 1,
      target: () => ({
        kind: 'netns',
        path: ownNamespace(),
        inode: statSync(ownNamespace()).ino,
        attachType: 'sk_lookup',
      }),
      info: () => ({ kind: 'netns', inode: statSync(ownNamespace()).ino, attachType: 'sk_lookup' }),
    },
    {
      kind: 'raw_tracepoint',
      load: { type: 'raw_tracepoint' },
      result: 0,
      target: () => ({ kind: 'raw_tracepoint', name: 'sched_process_exec' }),
      info: () => ({ kind: 'raw_tracepoint', name: 'sched_process_exec' }),
    },
    {
      kind: 'tracepoint',
      load: { type: 'tracepoint' },
      result: 0,
      target: () => {
        expect(host.tracefs).toBeTruthy()
        return { kind: 'tracepoint', category: 'sched', name: 'sched_process_exec' }
      },
      info: () => ({ kind: 'tracepoint', name: 'sched_process_exec' }),
      type: 'perf_event',
    },
    {
      kind: 'iter',
      load: { type: 'tracing', attachType: 'trace_iter', attachTo: 'bpf_iter_task' },
      result: 0,
      target: () => ({ kind: 'iter', target: 'task' }),
      info: () => ({ kind: 'iter', target: 'task' }),
    },
  ]

  test('every kind of link has a case', () => {
    // What is attached of struct_ops is a map: see test/kernel/struct-ops.test.ts.
    expect([...cases.map(({ kind }) => kind), 'struct_ops'].sort()).toEqual(Object.keys(linkRules).sort())
  })

  test.each(cases)('$kind: attached, described, pinned, opened by id and by pin, removed', async (row) => {
    using program = await load(row.load, row.result)
    const path = `${host.bpffs}/${row.kind}`
    let id: number
    {
      using link = kernel.createLink({ program, target: row.target() })
      const expected = {
        kind: 'link',
        type: row.type ?? row.kind,
        programId: idOf(program),
        target: row.info(),
        severed: false,
      }
      expect(kernel.describe(link)).toMatchObject(expected)
      kernel.pin(link, path)
      expect(kernel.describePin(path)).toEqual(kernel.describe(link))
      const entries = kernel.describePins(host.bpffs)
      expect(entries.find(({ name }) => name === row.kind)?.info).toEqual(kernel.describe(link))
      using again = kernel.openPin(path)
      expect(again.kind).toBe('link')
      id = kernel.describe(link).id
      using byId = kernel.openById('link', id)
      expect(kernel.describe(byId)).toEqual(kernel.describe(link))
      expect(kernel.ids('link')).toContain(id)
    }
    kernel.bpffs.unpin(path)
    expect(() => kernel.openById('link', id)).toThrow(expect.objectContaining({ errno: 'ENOENT', code: 'K002' }))
  })

  test('a link is described where the info of links ends before the request for a program’s maps (5.10: E2BIG)', async () => {
    const row = cases[0] as Case
    using program = await load(row.load, row.result)
    using link = kernel.createLink({ program, target: row.target() })
    const described = kernel.describe(link)
    const addon = loadAddon()
    const call = addon.bpf.bind(addon)
    const answers = vi.spyOn(addon, 'bpf').mockImplementationOnce(() => -constants.errno.E2BIG)
    answers.mockImplementation(call)
    expect(kernel.describe(link)).toEqual(described)
    expect(answers).toHaveBeenCalledTimes(2)
    answers.mockRestore()
  })

  test.each(cases)('$kind: switched in place exactly where the table says so', async (row) => {
    using one = await load(row.load, row.result, 'one')
    using two = await load(row.load, row.result, 'two')
    using link = kernel.createLink({ program: one, target: row.target() })
    const { id } = kernel.describe(link)
    const change = (): void => kernel.updateLink(link, { program: two, expected: one })
    if (!linkRules[row.kind].updatable) {
      expect(change).toThrow(expect.objectContaining({ command: 'BPF_LINK_UPDATE' }))
      return
    }
    change()
    expect(kernel.describe(link)).toMatchObject({ id, programId: idOf(two) })
    expect(change).toThrow(expect.objectContaining({ errno: 'EPERM', code: 'K101' }))
  })

  test.each(cases)('$kind: a second link is refused exactly where the table says exclusive', async (row) => {
    using one = await load(row.load, row.result, 'one')
    using two = await load(row.load, row.result, 'two')
    using _first = kernel.createLink({ program: one, target: row.target() })
    const second = (): void => {
      using _link = kernel.createLink({ program: two, target: row.target() })
    }
    // sk_lookup allows several; flow_dissector, the other attach type of netns, does not.
    if (!linkRules[row.kind].exclusive || row.kind === 'netns') return expect(second).not.toThrow()
    expect(second).toThrow(expect.objectContaining({ errno: 'EBUSY', code: 'K016' }))
  })

  test.each(cases.filter(({ kind }) => kind === 'tcx' || kind === 'tracepoint'))(
    '$kind: the same program cannot be attached twice',
    async (row) => {
      using program = await load(row.load, row.result)
      using _first = kernel.createLink({ program, target: row.target() })
      const second = (): unknown => kernel.createLink({ program, target: row.target() })
      expect(second).toThrow(expect.objectContaining({ errno: 'EEXIST', code: 'K017' }))
    },
  )

  test.each(cases.filter(({ kind }) => kind === 'tracepoint' || kind === 'raw_tracepoint'))(
    '$kind: counts what happens on every CPU',
    async (row) => {
      const shape = { type: 'array', keySize: 4, valueSize: 8, maxEntries: 1, flags: 0, mapExtra: 0 } as const
      using map = kernel.createMap({ name: 'count', shape })
      const instructions = assemble([...loadReference(1), mov(2, 1), atomicAdd(1, 2, 0), mov(0, 0), exit])
      using program = await kernel.loadProgram({
        name: 'count',
        load: { flags: 0, license: 'GPL', ...row.load },
        instructions,
        references: [{ instruction: 0, kind: 'value', map, offset: 0 }],
      })
      using _link = kernel.createLink({ program, target: row.target() })
      const cpus = run('nproc').trim()
      run('sh', '-c', `for cpu in $(seq 0 $((${cpus} - 1))); do taskset -c $cpu true; done`)
      const count = Number(new BigUint64Array(kernel.lookup(map, new Uint8Array(4))?.buffer ?? new ArrayBuffer(8))[0])
      // sh, seq, and twice for each CPU: taskset and true.
      expect(count).toBeGreaterThanOrEqual(2 + 2 * Number(cpus))
    },
  )

  test('flow_dissector: one in a network namespace', async () => {
    using program = await load({ type: 'flow_dissector', attachType: 'flow_dissector' }, 0)
    const path = ownNamespace()
    const target = { kind: 'netns', path, inode: statSync(path).ino, attachType: 'flow_dissector' } as const
    using link = kernel.createLink({ program, target })
    expect(kernel.describe(link)).toMatchObject({ target: { kind: 'netns', attachType: 'flow_dissector' } })
    expect(() => kernel.createLink({ program, target })).toThrow(
      expect.objectContaining({ command: 'BPF_LINK_CREATE' }),
    )
  })

  test('an iterator over a map names the map', async () => {
    using map = kernel.createMap({
      name: 'walked',
      shape: { type: 'array', keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, mapExtra: 0 },
    })
    using program = await load({ type: 'tracing', attachType: 'trace_iter', attachTo: 'bpf_iter_bpf_map_elem' }, 0)
    using link = kernel.createLink({
      program,
      target: { kind: 'iter', target: 'bpf_map_elem', map: 'map.walked' },
      map,
    })
    expect(kernel.describe(link)).toMatchObject({
      target: { kind: 'iter', target: 'bpf_map_elem', mapId: kernel.describe(map).id },
    })
  })

  test('an iterator starts where it is told to, and walks what it is told to', async () => {
    const cgroupId = statSync(host.cgroup).ino
    using start = await load({ type: 'tracing', attachType: 'trace_iter', attachTo: 'bpf_iter_cgroup' }, 0)
    const order = 'ancestors_up' as const
    using link = kernel.createLink({
      program: start,
      target: { kind: 'iter', target: 'cgroup', start: { kind: 'cgroup', path: host.cgroup, cgroupId, order } },
    })
    expect(kernel.describe(link)).toMatchObject({ target: { start: { kind: 'cgroup', cgroupId, order } } })
    using tasks = await load({ type: 'tracing', attachType: 'trace_iter', attachTo: 'bpf_iter_task' }, 0)
    for (const kind of ['pid', 'tid'] as const) {
      const which = { kind, number: process.pid }
      using task = kernel.createLink({ program: tasks, target: { kind: 'iter', target: 'task', start: which } })
      expect(kernel.describe(task)).toMatchObject({ target: { kind: 'iter', target: 'task', start: which } })
    }
  })

  test('a generic xdp link sees packets, and drops them', async () => {
    using drop = await load({ type: 'xdp' }, 1)
    expect(() => sendPacket(host.veth)).not.toThrow()
    {
      using _link = kernel.createLink({ program: drop, target: { kind: 'xdp', ...at(), mode: 'generic' } })
      expect(() => sendPacket(host.veth)).toThrow()
      expect(run('ip', 'link', 'show', host.veth.name)).toContain('xdpgeneric')
    }
    expect(() => sendPacket(host.veth)).not.toThrow()
  })

  test('a link whose device is gone is severed, and cannot be switched', async () => {
    using temporary = openTestHost()
    using one = await load({ type: 'xdp' }, 2)
    using two = await load({ type: 'xdp' }, 2, 'two')
    const { name, ifindex } = temporary.veth
    using link = kernel.createLink({ program: one, target: { kind: 'xdp', interface: name, ifindex } })
    run('ip', 'link', 'del', name)
    expect(kernel.describe(link)).toMatchObject({ severed: true })
    expect(() => kernel.updateLink(link, { program: two, expected: one })).toThrow(
      expect.objectContaining({ errno: 'ENOLINK', code: 'K067' }),
    )
  })

  test('a cgroup link whose cgroup is gone is severed', async () => {
    const temporary = openTestHost()
    using program = await load({ type: 'cgroup_skb', attachType: 'cgroup_inet_ingress' }, 1)
    const path = temporary.cgroup
    const cgroupId = kernel.cgroupId(path) ?? 0
    using link = kernel.createLink({
      program,
      target: { kind: 'cgroup', path, cgroupId, attachType: 'cgroup_inet_ingress' },
    })
    expect(kernel.describe(link)).toMatchObject({ severed: false })
    temporary[Symbol.dispose]()
    await expect.poll(() => kernel.describe(link)).toMatchObject({ severed: true })
  })
})
