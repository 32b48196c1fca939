import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { parseMountinfo } from '../../src/kernel/mountinfo.ts'
import type { LoadAttributes } from '../../src/model/program-spec.ts'
import { returning } from '../support/assembler.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'

/** A directory of the old cgroup file system, where this machine has one. */
const cgroup1 = canTestLinux
  ? parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8')).find(({ type }) => type === 'cgroup')?.mountPoint
  : undefined

describe.skipIf(!canTestLinux)('links that are refused', () => {
  const host = openTestHost()
  let kernel: Kernel
  beforeAll(() => {
    kernel = openLinuxKernel()
  })
  afterAll(() => {
    kernel?.close()
    host[Symbol.dispose]()
  })

  const load = (
    over: Pick<LoadAttributes, 'type' | 'attachType' | 'attachTo'>,
    result: number,
  ): Promise<Fd<'program'>> =>
    kernel.loadProgram({
      name: 'program',
      load: { flags: 0, license: 'GPL', ...over },
      instructions: returning(result),
      references: [],
    })

  test('an unknown tracepoint and an unknown interface are refused by name', async () => {
    using program = await load({ type: 'tracepoint' }, 0)
    expect(host.tracefs).toBeTruthy()
    const target = { kind: 'tracepoint', category: 'sched', name: 'no_such_thing' } as const
    expect(() => kernel.createLink({ program, target })).toThrow(
      expect.objectContaining({ errno: 'ENOENT', target: 'sched/no_such_thing' }),
    )
    expect(kernel.hasTracepoint('sched', 'no_such_thing')).toBe(false)
    expect(kernel.hasTracepoint('sched', 'sched_switch')).toBe(true)
    using xdp = await load({ type: 'xdp' }, 2)
    expect(() =>
      kernel.createLink({ program: xdp, target: { kind: 'xdp', interface: 'gone0', ifindex: 0x7ffffff0 } }),
    ).toThrow(expect.objectContaining({ message: expect.stringContaining('cannot attach to xdp gone0: ') }))
  })

  test('a driver without XDP is refused with the mode that works', async () => {
    using program = await load({ type: 'xdp' }, 2)
    const ifindex = kernel.interfaceIndex('lo') ?? 0
    const target = { kind: 'xdp', interface: 'lo', ifindex, mode: 'native' } as const
    expect(() => kernel.createLink({ program, target })).toThrow(
      expect.objectContaining({ errno: 'EOPNOTSUPP', hint: expect.stringContaining('mode: generic') }),
    )
  })

  test.skipIf(cgroup1 === undefined)('a cgroup of version 1 is refused as such', async () => {
    using program = await load({ type: 'cgroup_skb', attachType: 'cgroup_inet_ingress' }, 1)
    const path = cgroup1 ?? ''
    expect(kernel.cgroupId(path)).toBeUndefined()
    const target = { kind: 'cgroup', path, cgroupId: 1, attachType: 'cgroup_inet_ingress' } as const
    expect(() => kernel.createLink({ program, target })).toThrow(/version 1/)
  })

  test('an unknown function to attach to is refused before any load', async () => {
    await expect(
      load({ type: 'tracing', attachType: 'trace_iter', attachTo: 'bpf_iter_nothing' }, 0),
    ).rejects.toMatchObject({
      code: 'K105',
      message: expect.stringContaining('bpf_iter_nothing'),
    })
  })
})
