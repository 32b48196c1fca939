import { afterAll, describe, expect, test } from 'vitest'
import type { Kernel } from '../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../src/kernel/linux-kernel.ts'
import { openMemoryKernel } from '../../src/kernel/memory/memory-kernel.ts'
import { type Address, programAddress } from '../../src/model/address.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { hasChanges } from '../../src/plan/make-plan.ts'
import { canTestLinux, openTestHost } from '../support/linux.ts'
import { applyStack, currentOf, destroyStack, type Place, planFor, rollBack } from './runs.ts'
import { link, map, program, returning, type StackOptions, shape, stackOf } from './stack.ts'

interface Host extends Place {
  readonly kernel: Kernel
  readonly bpffs: string
  readonly link: Pick<StackOptions, 'interface' | 'ifindex'>
}

const load = { type: 'sched_cls', attachType: 'tcx_egress', flags: 0, license: 'GPL' } as const

/** A map that two programs use, one of them in the array, and a second link, each under the name of its version. */
const named = (host: Host, suffix: string, other: StackOptions = {}): DesiredState => {
  const array = map(`jumps${suffix}`, {
    shape: shape({ type: 'prog_array', valueSize: 4, maxEntries: 4 }),
    contents: { kind: 'slots', slots: new Map([[0, programAddress(`leaf${suffix}`)]]) },
  })
  const { interface: name = 'lo', ifindex = 1 } = host.link
  const target = { kind: 'tcx', interface: name, ifindex, direction: 'egress' } as const
  const more = [
    map(`counts${suffix}`),
    array,
    program(`leaf${suffix}`, { load, code: returning(0, [`counts${suffix}`]) }),
    program(`root${suffix}`, { load, code: returning(0, [`counts${suffix}`, `jumps${suffix}`]) }),
    link(`egress${suffix}`, { program: `program.root${suffix}`, target }),
  ]
  return stackOf({ ...host.link, more, history: 1, ...other })
}

const moves = (...addresses: readonly Address[]): DesiredState['moved'] & object =>
  addresses.map((from) => ({ from, to: `${from}_2` as Address }))
const all = moves('map.counts', 'map.jumps', 'program.leaf', 'program.root', 'link.egress')

/** Ids and paths by address. */
const live = (host: Host, desired: DesiredState): Map<Address, number> =>
  new Map([...currentOf(host.kernel, desired, host).resources].map(([address, { live }]) => [address, live?.id ?? 0]))

function behaves(host: Host): void {
  test('what is moved stays the same object, with its contents, under its new name and path', async () => {
    expect((await applyStack(host.kernel, named(host, ''), host)).outcome).toMatchObject({ result: 'done' })
    const before = live(host, named(host, ''))
    {
      using counts = host.kernel.openPin(`${host.bpffs}/edge/live/maps/counts`)
      host.kernel.update(counts as never, new Uint8Array(4), new Uint8Array(8).fill(7))
    }
    const desired = named(host, '_2', { moved: all })
    const plan = planFor(host.kernel, desired, host)
    expect(plan.changes.map(({ action }) => action)).not.toContain('create')
    expect(plan.changes.every(({ action }) => action === 'keep')).toBe(true)
    expect(plan.changes.flatMap((it) => (it.movedFrom ? [[it.movedFrom, it.address]] : []))).toEqual(
      all.map(({ from, to }) => [from, to]),
    )
    expect((await applyStack(host.kernel, desired, host)).outcome).toMatchObject({ result: 'done', left: [] })
    const after = live(host, desired)
    for (const { from, to } of all) expect(after.get(to), to).toBe(before.get(from))
    expect(after.size).toBe(before.size)
    expect(host.kernel.bpffs.list(`${host.bpffs}/edge/live/links`).map(({ name }) => name)).toEqual([
      'egress_2',
      'eth0',
    ])
    using counts = host.kernel.openPin(`${host.bpffs}/edge/live/maps/counts_2`)
    expect(host.kernel.lookup(counts as never, new Uint8Array(4))).toEqual(new Uint8Array(8).fill(7))
    // The row may stay, and may go.
    expect(hasChanges(planFor(host.kernel, desired, host))).toBe(false)
    expect(hasChanges(planFor(host.kernel, named(host, '_2'), host))).toBe(false)
  })

  test('and back again by a rollback', async () => {
    const before = live(host, named(host, '_2'))
    const { outcome } = await rollBack(host.kernel, named(host, '_2'), undefined, host)
    expect(outcome).toMatchObject({ result: 'done', left: [] })
    const after = live(host, named(host, ''))
    for (const { from, to } of all) expect(after.get(from), from).toBe(before.get(to))
    expect(hasChanges(planFor(host.kernel, named(host, ''), host))).toBe(false)
  })

  test('what has changed, too, is made anew where it must be', async () => {
    const before = live(host, named(host, ''))
    const changed = named(host, '_2', { moved: all, verdicts: { v4: 1 } })
    const leaf = program('leaf_2', { load, code: returning(1, ['counts_2']) })
    const desired = { ...changed, resources: new Map(changed.resources).set(leaf.address, leaf) }
    expect((await applyStack(host.kernel, desired, host)).outcome).toMatchObject({ result: 'done', left: [] })
    const after = live(host, desired)
    expect(after.get('map.counts_2')).toBe(before.get('map.counts'))
    expect(after.get('program.leaf_2')).not.toBe(before.get('program.leaf'))
    expect(hasChanges(planFor(host.kernel, desired, host))).toBe(false)
    expect((await destroyStack(host.kernel, desired, host)).outcome).toMatchObject({ result: 'done', left: [] })
  })

  test('a move whose ends are both live is refused', async () => {
    const both = [map('a'), map('b')]
    await applyStack(host.kernel, stackOf({ ...host.link, more: both }), host)
    const desired = stackOf({ ...host.link, more: [map('b')], moved: [{ from: 'map.a', to: 'map.b' }] })
    const errors = planFor(host.kernel, desired, host).diagnostics.filter(({ severity }) => severity === 'error')
    expect(errors).toMatchObject([{ code: 'P123', address: 'map.b' }])
    await destroyStack(host.kernel, desired, host)
  })

  test('a move of what is not there does nothing', async () => {
    const desired = stackOf({ ...host.link, more: [map('b')], moved: [{ from: 'map.a', to: 'map.b' }] })
    const plan = planFor(host.kernel, desired, host)
    expect(plan.changes.find(({ address }) => address === 'map.b')).toEqual({
      action: 'create',
      address: 'map.b',
      because: [],
    })
  })
}

describe('moved, in memory', () => {
  const kernel = openMemoryKernel()
  behaves({ kernel, bpffs: '/sys/fs/bpf', link: {} })
})

describe.skipIf(!canTestLinux)('moved, on Linux', () => {
  const host = openTestHost()
  const kernel = openLinuxKernel()
  afterAll(() => {
    kernel.close()
    host[Symbol.dispose]()
  })
  behaves({
    kernel,
    get bpffs() {
      return host.bpffs
    },
    get link() {
      return { interface: host.veth.name, ifindex: host.veth.ifindex }
    },
  })
})
