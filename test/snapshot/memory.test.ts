import { describe, expect, test } from 'vitest'
import { checkSnapshot, type HostSnapshot, sealSnapshot } from '../../src/kernel/host-snapshot.ts'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import { type MemoryMachine, openMemoryMachine } from '../../src/kernel/memory/memory-kernel.ts'
import type { LinkTarget } from '../../src/model/link-spec.ts'
import type { DesiredState } from '../../src/model/state.ts'
import { planRecovery } from '../../src/plan/recover.ts'
import { toHex } from '../../src/util/hex.ts'
import { applyStack, bpffs, currentOf, planFor } from '../apply/runs.ts'
import { map, shape, stackOf } from '../apply/stack.ts'
import { returnConstant, tailCall } from '../contract/assembly.ts'
import { errnoOf, idOf, load, makeMap, u32 } from '../contract/test-world.ts'
import { resolve, type Scenario, scenarios } from '../crash/scenarios.ts'
import { act, beginning, ended } from '../crash/worlds.ts'
import { codeOf, copyOf, snapshotOf, throughJson } from './copies.ts'

describe.each(scenarios)('$name', (scenario) => {
  test('is planned from a snapshot as on the machine itself', async () => {
    const machine = openMemoryMachine(await beginning(scenario))
    const before = throughJson(machine.snapshot())
    const here = machine.open()
    const there = (await copyOf(here, bpffs)).open()
    const wanted = wantedIn(scenario, here)
    expect(currentOf(there, wanted)).toEqual(currentOf(here, wanted))
    expect(textOf(there, wanted)).toBe(textOf(here, wanted))
    expect(throughJson(machine.snapshot()), 'taking one changes nothing').toEqual({
      ...before,
      last: { ...before.last, process: before.last.process + 1 },
    })
  })

  test('ends on a copy of the machine as on itself', async () => {
    const machine = openMemoryMachine(await beginning(scenario))
    const copy = await copyOf(machine.open(), bpffs)
    const { outcome } = await act(copy.open(), scenario)
    expect(outcome).toMatchObject(ended(scenario) as object)
    await act(machine.open(), scenario)
    expect([...copy.inspect.pins().keys()].sort()).toEqual([...machine.inspect.pins().keys()].sort())
    expect(slotsIn(copy)).toEqual(slotsIn(machine))
  })
})

function wantedIn({ to, from }: Scenario, kernel: Kernel): DesiredState {
  return to ? resolve(to, kernel) : (from ?? stackOf())
}

const textOf = (kernel: Kernel, wanted: DesiredState): string =>
  JSON.stringify([planRecovery(currentOf(kernel, wanted)), planFor(kernel, wanted)])

const slotsIn = ({ inspect }: MemoryMachine): readonly (readonly [string, readonly number[]])[] =>
  inspect.reachableArrays().map(({ name, slots }) => [name, [...slots.keys()]])

describe('a copy of a machine', () => {
  test('keeps what only its processes hold: arrays have their slots, objects live, until somebody removes them', async () => {
    const machine = openMemoryMachine()
    const kernel = machine.open()
    const array = makeMap(kernel, { type: 'prog_array' })
    const caller = await load(kernel, tailCall(array))
    kernel.update(array, u32(0), caller)
    const loose = makeMap(kernel, {}, 'loose')
    const copy = await copyOf(kernel, bpffs)
    expect(copy.inspect.slots(idOf(kernel, array))).toEqual(new Map([[0, idOf(kernel, caller)]]))
    expect(copy.inspect.ids('map')).toEqual([idOf(kernel, array), idOf(kernel, loose)])
    expect(openMemoryMachine(throughJson(copy.snapshot())).inspect.ids('map')).toEqual(copy.inspect.ids('map'))
  })

  test('refuses a link where the machine does: its hooks are the same ones', async () => {
    const kernel = openMemoryMachine().open()
    const attribute = { type: 'flow_dissector', attachType: 'flow_dissector' } as const
    const target = { kind: 'netns', path: '/proc/self/ns/net', attachType: 'flow_dissector' } as const
    using dissector = await load(kernel, returnConstant(0), attribute)
    kernel.pin(kernel.createLink({ program: dissector, target: resolved(kernel) }), `${bpffs}/link`)
    const copy = (await copyOf(kernel, bpffs)).open()
    using other = await load(copy, returnConstant(1), attribute)
    expect(errnoOf(() => copy.createLink({ program: other, target: resolved(copy) }))).toBe('E2BIG')

    function resolved(where: Kernel): LinkTarget {
      return { ...target, inode: where.namespaceInode(target.path) ?? 0 }
    }
  })

  test('has one file for several names of it', async () => {
    const kernel = openMemoryMachine().open()
    const map = makeMap(kernel)
    kernel.pin(map, `${bpffs}/a`)
    kernel.bpffs.link(`${bpffs}/a`, `${bpffs}/b`)
    kernel.pin(map, `${bpffs}/c`)
    const copy = (await copyOf(kernel, bpffs)).open()
    const inode = (name: string): number | undefined => copy.bpffs.stat(`${bpffs}/${name}`)?.inode
    expect(inode('a')).toBe(inode('b'))
    expect(inode('a')).not.toBe(inode('c'))
  })

  test('says who held what, and when files were changed, as far as the snapshot does', async () => {
    const kernel = openMemoryMachine().open()
    const map = makeMap(kernel)
    const { digest: _, ...snapshot } = await snapshotOf(kernel, bpffs)
    const [held] = snapshot.processes
    expect(held?.objects).toEqual([['map', idOf(kernel, map)]])
    const processes = [{ id: 4711, name: 'agent', objects: held?.objects ?? [] }]
    const files = { [bpffs]: { mode: 0o700, inode: 1, changed: 1_700_000_000_000, entries: {} } }
    const copy = openMemoryMachine(sealSnapshot({ ...snapshot, processes, files })).open()
    expect(copy.descriptors().map).toEqual(new Map([[idOf(kernel, map), [4711]]]))
    expect(copy.processName(4711)).toBe('agent')
    expect(copy.bpffs.stat(bpffs)?.changed).toBe(1_700_000_000_000)
  })

  test('answers for the machine where it has to stand for it, with its clock standing still', async () => {
    const machine = openMemoryMachine(undefined, { host: { name: 'web-1', id: 'f00d' }, bootId: 'b' })
    machine.passTime(5000)
    const kernel = machine.open()
    const snapshot = await snapshotOf(kernel, bpffs)
    const copy = openMemoryMachine(snapshot, { isStill: true })
    copy.passTime(60_000)
    expect(copy.open().identity).toEqual(kernel.identity)
    expect(copy.open().sinceBoot()).toBe(snapshot.sinceBoot)
    const linux = reseal({ ...snapshot, kernel: { ...snapshot.kernel, kind: 'linux' } })
    expect(openMemoryMachine(linux, { isStill: true }).open().identity.kind).toBe('linux')
    expect(openMemoryMachine(linux).open().identity).toMatchObject({ kind: 'memory', host: { name: 'web-1' } })
  })
})

describe('what a snapshot does not have is not guessed', () => {
  test('entries of maps that are in no stack', async () => {
    const kernel = openMemoryMachine().open()
    const map = makeMap(kernel, { type: 'hash' })
    kernel.update(map, u32(1), u32(2))
    kernel.pin(map, `${bpffs}/theirs`)
    const copy = (await copyOf(kernel, bpffs)).open()
    const found = copy.openPin(`${bpffs}/theirs`) as Fd<'map'>
    expect(codeOf(() => copy.lookup(found, u32(1)))).toBe('K110')
    expect(codeOf(() => copy.update(found, u32(1), u32(3)))).toBe('K110')
    expect(codeOf(() => [...copy.keys(found)])).toBe('K110')
    expect(codeOf(() => [...copy.entries(found)])).toBe('K110')
  })

  test('entries beyond the bound, though their number is known', async () => {
    const kernel = openMemoryMachine().open()
    const map = makeMap(kernel, { type: 'hash', maxEntries: 10_000 })
    for (let key = 0; key < 6000; key++) kernel.update(map, u32(key), u32(key))
    for (const directory of ['edge', 'edge/live', 'edge/live/maps']) kernel.bpffs.makeDirectory(`${bpffs}/${directory}`)
    kernel.pin(map, `${bpffs}/edge/live/maps/flows`)
    const copy = (await copyOf(kernel, bpffs)).open()
    const found = copy.openPin(`${bpffs}/edge/live/maps/flows`) as Fd<'map'>
    let count = 0
    for (const batch of copy.entries(found)) count += batch.count
    expect(count).toBe(6000)
    expect(copy.lookup(found, u32(4095))).toEqual(u32(4095))
    expect(codeOf(() => copy.lookup(found, u32(5000)))).toBe('K110')
    expect(codeOf(() => [...copy.entries(found)].map(({ keys }) => keys))).toBe('K110')
  })

  test('entries that a plan declares in a map beyond the bound; those that the record knows, and the number, are in it', async () => {
    const big = { shape: shape({ type: 'hash', keySize: 4, valueSize: 8, maxEntries: 10_000 }) }
    const declaring = (...keys: readonly number[]): DesiredState => {
      const entries = keys.map((key) => ({ key: toHex(u32(key)), value: '0100000000000000' }))
      return stackOf({ more: [map('big', { ...big, contents: { kind: 'entries', entries }, onChange: 'replace' })] })
    }
    const machine = openMemoryMachine()
    const kernel = machine.open()
    await applyStack(kernel, declaring(9_000_000))
    const live = kernel.openPin(`${bpffs}/edge/live/maps/big`) as Fd<'map'>
    kernel.remove(live, u32(9_000_000))
    for (let key = 0; key < 6000; key++) kernel.update(live, u32(key), new Uint8Array(8))
    kernel.update(live, u32(9_000_000), new Uint8Array(8))
    const copy = (await copyOf(kernel, bpffs)).open()
    expect(textOf(copy, declaring(9_000_000))).toBe(textOf(kernel, declaring(9_000_000)))
    const replaced = stackOf({
      more: [map('big', { shape: { ...big.shape, maxEntries: 20_000 }, onChange: 'replace' })],
    })
    expect(textOf(copy, replaced)).toBe(textOf(kernel, replaced))
    expect(textOf(copy, replaced)).toContain('"entries":6001')
    expect(codeOf(() => planFor(copy, declaring(5500)))).toBe('K110')
  })

  test('cgroups and namespaces in places that nobody listed', async () => {
    const kernel = openMemoryMachine().open()
    kernel.cgroupId('/sys/fs/cgroup/a')
    const { digest: _, ...snapshot } = await snapshotOf(kernel, bpffs)
    const places = { ...snapshot.places, cgroupRoots: ['/sys/fs/cgroup'], namespaceRoots: ['/run/netns'] }
    const copy = openMemoryMachine(sealSnapshot({ ...snapshot, places })).open()
    expect(copy.cgroupId('/sys/fs/cgroup/a/')).toBe(kernel.cgroupId('/sys/fs/cgroup/a'))
    expect(copy.cgroupId('/sys/fs/cgroup/b')).toBeUndefined()
    expect(copy.namespaceInode('/run/netns/blue')).toBeUndefined()
    expect(copy.interfaceIndex('eth7')).toBeUndefined()
    expect(codeOf(() => copy.cgroupId('/elsewhere'))).toBe('K113')
    expect(codeOf(() => copy.namespaceInode('/proc/77/ns/net'))).toBe('K113')
    const more = openMemoryMachine(sealSnapshot({ ...snapshot, places: { ...places, moreCgroups: true } })).open()
    expect(codeOf(() => more.cgroupId('/sys/fs/cgroup/b'))).toBe('K113')
  })

  test('pins that could not be opened, and what lies behind symbolic links', async () => {
    const kernel = openMemoryMachine().open()
    const { digest: _, ...snapshot } = await snapshotOf(kernel, bpffs)
    const root = snapshot.files[bpffs]
    const entries = {
      closed: { mode: 0o600, inode: 7, errno: 'EACCES' },
      elsewhere: { mode: 0o777, inode: 8, symlink: true },
    } as const
    const files = { [bpffs]: { mode: 0o700, inode: 1, ...root, entries } }
    const copy = openMemoryMachine(sealSnapshot({ ...snapshot, files })).open()
    expect(copy.bpffs.stat(`${bpffs}/closed`)?.kind).toBe('pin')
    expect(codeOf(() => copy.describePin(`${bpffs}/closed`))).toBe('K114')
    expect(copy.bpffs.stat(`${bpffs}/elsewhere`)?.kind).toBe('symlink')
    expect(codeOf(() => copy.bpffs.stat(`${bpffs}/elsewhere/x`))).toBe('K113')
    expect(codeOf(() => copy.bpffs.mountOf('/run/bpf/x'))).toBe('K113')
    expect(codeOf(() => copy.bpffs.mounts().of('/run/bpf/x'))).toBe('K113')
  })
})

describe('a document', () => {
  test('that was changed anywhere is refused, as is one of another version, and anything else', async () => {
    const snapshot = await snapshotOf(openMemoryMachine().open(), bpffs)
    expect(checkSnapshot(snapshot)).toBe(snapshot)
    expect(codeOf(() => checkSnapshot({ ...snapshot, user: 1 }))).toBe('K115')
    expect(codeOf(() => checkSnapshot({ ...snapshot, digest: undefined }))).toBe('K115')
    expect(codeOf(() => checkSnapshot({ ...snapshot, version: 2 }))).toBe('K116')
    for (const data of [null, 7, 'snapshot', [], {}, { type: 'snapshot' }])
      expect(codeOf(() => checkSnapshot(data))).toBe('K115')
    expect(codeOf(() => openMemoryMachine({ ...snapshot, user: 1 }))).toBe('K115')
  })

  test('that only looks like one, and that of a machine which nobody plays, is refused too', async () => {
    const snapshot = await snapshotOf(openMemoryMachine().open(), bpffs)
    const { maps: _, ...rest } = snapshot
    expect(codeOf(() => openMemoryMachine(reseal(rest as HostSnapshot)))).toBe('K115')
    const kernel = { ...snapshot.kernel, byteOrder: 'big' } as const
    expect(codeOf(() => openMemoryMachine(reseal({ ...snapshot, kernel })))).toBe('K095')
  })
})

function reseal({ digest: _, ...content }: HostSnapshot): HostSnapshot {
  return sealSnapshot(content)
}
