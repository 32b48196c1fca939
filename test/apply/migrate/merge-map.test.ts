import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Btf } from '../../../src/apply/btf.ts'
import type { Execution } from '../../../src/apply/execution.ts'
import { Handles } from '../../../src/apply/handles.ts'
import { mergeMap } from '../../../src/apply/migrate/merge-map.ts'
import { snapshotMap } from '../../../src/apply/migrate/snapshot-map.ts'
import { ProgramLoads } from '../../../src/apply/program-loads.ts'
import type { Fd, Kernel } from '../../../src/kernel/kernel.ts'
import { openLinuxKernel } from '../../../src/kernel/linux-kernel.ts'
import { openMemoryKernel } from '../../../src/kernel/memory/memory-kernel.ts'
import type { MapShape } from '../../../src/model/map-spec.ts'
import type { Migration, MigrationSide } from '../../../src/model/migration.ts'
import type { Plan } from '../../../src/plan/plan.ts'
import { hasAdders } from '../../contract/older-kernels.ts'
import { canTestLinux, openTestHost } from '../../support/linux.ts'
import { shape } from '../stack.ts'

const host = openTestHost()
afterAll(() => host[Symbol.dispose]())

let kernel: Kernel
let directory: string

describe.each([
  { name: 'memory', open: openMemoryKernel, available: true },
  { name: 'linux', open: openLinuxKernel, available: canTestLinux },
])('on the $name kernel', ({ name, open: openKernel, available }) => {
  beforeEach(({ skip }) => {
    if (!available) skip('not root on Linux')
    kernel = openKernel()
    directory = `${name === 'linux' ? host.bpffs : '/sys/fs/bpf'}/m`
    kernel.bpffs.makeDirectory(directory)
  })
  afterEach(() => {
    for (const { name: pin } of kernel.bpffs.list(directory)) kernel.bpffs.unpin(`${directory}/${pin}`)
    kernel.bpffs.removeDirectory(directory)
    kernel.close()
  })
  mergeTests()
})

/** Two maps, the second with a field behind the number (and, for a change, wider numbers). */
interface World {
  readonly old: Fd<'map'>
  readonly map: Fd<'map'>
  copy(): Promise<void>
  merge(): Promise<unknown>
}

interface Sides {
  readonly from: MigrationSide
  readonly to: MigrationSide
}

const side = (layout: string, valueSize: number, change: Partial<MapShape> = {}): MigrationSide => ({
  ...shape({ valueSize, maxEntries: 8, ...change }),
  layout: { key: 'u32', value: layout },
})

const widened = (change: Partial<MapShape> = {}): Sides => ({
  from: side('struct 8{n:u32@0,s:u32@4}', 8, change),
  to: side('struct 16{n:u64@0,s:u32@8}', 16, change),
})

function open(merge: Migration['merge'], { from, to }: Sides = widened(), base?: string): World {
  const make = ({ layout: _, ...made }: MigrationSide) => kernel.createMap({ name: 'm', shape: shape(made) })
  const [old, map] = [make(from), make(to)]
  const migration: Migration = { from, to, merge, onLossy: 'refuse', ...(base === undefined ? {} : { base }) }
  const existing = { 'live:map.m': kernel.describe(old).id, 'next:map.m': kernel.describe(map).id }
  const plan = { directory, existing } as unknown as Plan
  const run: Execution = {
    kernel,
    plan,
    desired: undefined,
    handles: new Handles(kernel, plan.existing),
    loads: new ProgramLoads({ steps: [], limit: 1, load: () => Promise.reject(new Error('none')) }),
    btf: new Btf(kernel, undefined, () => undefined),
    patience: 0,
    diagnostics: [],
    lingering: new Set(),
    migrated: new Map(),
  }
  const operation = { source: 'live:map.m', target: 'next:map.m', path: 'copy', migration } as const
  return {
    old,
    map,
    copy: () => snapshotMap(run, { kind: 'snapshot-map', ...operation }),
    async merge() {
      await mergeMap(run, { kind: 'merge-map', ...operation })
      return run.migrated.get('map.m')
    },
  }
}

const u32 = (...values: number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer)

/** The number in each entry, and what stands behind it. */
function contents(map: Fd<'map'>, at = 8): Record<number, [number, number]> {
  const found: Record<number, [number, number]> = {}
  for (const key of kernel.keys(map)) {
    const value = kernel.lookup(map, key)
    const view = value && new DataView(value.buffer, value.byteOffset)
    if (view)
      found[new DataView(key.buffer, key.byteOffset).getUint32(0, true)] = [
        view.getUint32(0, true),
        view.getUint32(at, true),
      ]
  }
  return found
}

function mergeTests(): void {
  describe('keep-new', () => {
    test('what was changed, made or removed in the old map is so in the new one', async () => {
      const { old, map, copy, merge } = open('keep-new')
      for (const key of [1, 2, 3]) kernel.update(old, u32(key), u32(key, 7))
      await copy()
      expect(contents(map)).toEqual({ 1: [1, 7], 2: [2, 7], 3: [3, 7] })
      kernel.update(old, u32(1), u32(11, 7))
      kernel.remove(old, u32(2))
      kernel.update(old, u32(4), u32(4, 9))
      expect(await merge()).toEqual({ copied: 3, merged: 3, conflicting: 0, dropped: 0 })
      expect(contents(map)).toEqual({ 1: [11, 7], 3: [3, 7], 4: [4, 9] })
    })

    test('what the new programs wrote stays, whatever the old ones did', async () => {
      const { old, map, copy, merge } = open('keep-new')
      for (const key of [1, 2, 3]) kernel.update(old, u32(key), u32(key, 7))
      await copy()
      kernel.update(old, u32(1), u32(11, 7))
      kernel.remove(old, u32(2))
      kernel.update(old, u32(4), u32(4, 9))
      kernel.update(old, u32(3), u32(33, 7))
      for (const key of [1, 2, 4]) kernel.update(map, u32(key), u32(100, 0, key, 0))
      kernel.remove(map, u32(3))
      expect(await merge()).toEqual({ copied: 3, merged: 0, conflicting: 4, dropped: 0 })
      expect(contents(map)).toEqual({ 1: [100, 1], 2: [100, 2], 4: [100, 4] })
    })

    test('merged twice, it is as merged once: what was deleted in between does not come back', async () => {
      const { old, map, copy, merge } = open('keep-new')
      kernel.update(old, u32(1), u32(1, 7))
      await copy()
      kernel.update(old, u32(1), u32(11, 7))
      kernel.update(old, u32(2), u32(2, 7))
      await merge()
      for (const key of [1, 2]) kernel.remove(map, u32(key))
      await merge()
      expect(contents(map)).toEqual({})
    })

    test('what has no room is dropped, and said', async () => {
      const { from, to } = widened()
      const { old, map, copy, merge } = open('keep-new', { from, to: { ...to, maxEntries: 2 } })
      await copy()
      for (const key of [1, 2, 3]) kernel.update(old, u32(key), u32(key, 7))
      expect(await merge()).toEqual({ copied: 0, merged: 2, conflicting: 0, dropped: 1 })
      expect(Object.keys(contents(map))).toHaveLength(2)
    })
  })

  describe('sum', () => {
    beforeEach(async ({ skip }) => {
      if (!(await hasAdders(kernel))) skip('no BPF_PROG_TYPE_SYSCALL on this kernel')
    })

    test('what was added on either side is added, down to what went', async () => {
      const { old, map, copy, merge } = open('sum')
      for (const key of [1, 2, 3]) kernel.update(old, u32(key), u32(10, 7))
      await copy()
      kernel.update(old, u32(1), u32(15, 7))
      kernel.update(old, u32(2), u32(9, 7))
      kernel.remove(old, u32(3))
      kernel.update(old, u32(4), u32(3, 1))
      kernel.update(map, u32(1), u32(12, 0, 7, 0))
      kernel.update(map, u32(3), u32(14, 0, 7, 0))
      expect(await merge()).toMatchObject({ copied: 3, conflicting: 0, dropped: 0 })
      expect(contents(map)).toMatchObject({ 1: [17, 7], 2: [9, 7], 3: [4, 0], 4: [3, 1] })
    })

    test('merged twice, nothing is added twice', async () => {
      const { old, map, copy, merge } = open('sum')
      kernel.update(old, u32(1), u32(10, 7))
      await copy()
      kernel.update(old, u32(1), u32(15, 7))
      kernel.update(old, u32(2), u32(5, 7))
      for (const _ of [1, 2, 3]) await merge()
      expect(contents(map)).toMatchObject({ 1: [15, 7], 2: [5, 7] })
    })

    test('a counter that goes round has grown', async () => {
      const { old, map, copy, merge } = open('sum')
      kernel.update(old, u32(1), u32(0xffffffff, 0))
      await copy()
      kernel.update(old, u32(1), u32(4, 0))
      await merge()
      const value = kernel.lookup(map, u32(1))
      expect(value && new DataView(value.buffer, value.byteOffset).getBigUint64(0, true)).toBe(0x1_0000_0004n)
    })

    test('each CPU has its own count', async () => {
      const { from, to } = widened({ type: 'percpu_hash' })
      const { old, map, copy, merge } = open('sum', { from, to })
      const cpus = Array.from({ length: kernel.identity.possibleCpus }, (_, cpu) => cpu)
      kernel.update(old, u32(1), u32(...cpus.flatMap((cpu) => [10 * cpu, 7])))
      await copy()
      kernel.update(old, u32(1), u32(...cpus.flatMap((cpu) => [11 * cpu + 1, 7])))
      await merge()
      expect(kernel.lookup(map, u32(1))).toEqual(u32(...cpus.flatMap((cpu) => [11 * cpu + 1, 0, 7, 0])))
    })

    test('entries of a map that is larger than one chunk of the copy are found again', async () => {
      const many = { maxEntries: 40_000 }
      const { old, map, copy, merge } = open('sum', widened(many))
      for (let key = 0; key < 30_000; key++) kernel.update(old, u32(key), u32(1, 0))
      await copy()
      for (let key = 0; key < 30_000; key += 100) kernel.update(old, u32(key), u32(1 + key, 0))
      await merge()
      const found = contents(map)
      for (let key = 0; key < 30_000; key++) expect(found[key]?.[0]).toBe(key % 100 === 0 ? 1 + key : 1)
    })
  })

  test('elements of an array that the new one does not have are dropped', async () => {
    const array = { type: 'array' } as const
    const sides = { from: side('u32', 4, { ...array, maxEntries: 4 }), to: side('u32', 4, { ...array, maxEntries: 3 }) }
    const { old, map, copy, merge } = open('keep-new', sides)
    for (const key of [0, 1, 2, 3]) kernel.update(old, u32(key), u32(key + 5))
    await copy()
    for (const key of [2, 3]) kernel.update(old, u32(key), u32(key + 50))
    expect(await merge()).toMatchObject({ merged: 1, dropped: 1 })
    expect([0, 1, 2].map((key) => kernel.lookup(map, u32(key))?.[0])).toEqual([5, 6, 52])
  })

  test('of a data section the new variables start with their initial values', async () => {
    const one = { type: 'array', maxEntries: 1 } as const
    const sides = {
      from: side('section 8{a:u32@0,gone:u32@4}', 8, one),
      to: side('section 12{new:u32@0,a:u32@4,more:u32@8}', 12, one),
    }
    const { old, map, copy, merge } = open('keep-new', sides, '090000000100000008000000')
    kernel.update(old, u32(0), u32(77, 1))
    await copy()
    expect(kernel.lookup(map, u32(0))).toEqual(u32(9, 77, 8))
    kernel.update(old, u32(0), u32(78, 1))
    await merge()
    expect(kernel.lookup(map, u32(0))).toEqual(u32(9, 78, 8))
  })

  test('tries are matched by the prefix itself, not by one that covers it', async () => {
    const trie = { type: 'lpm_trie', keySize: 8, flags: 1 } as const
    const sides = { from: side('u32', 4, trie), to: side('u64', 8, trie) }
    const { old, map, copy, merge } = open('keep-new', sides)
    const prefix = (bits: number) => Uint8Array.of(bits, 0, 0, 0, 10, 0, 0, 0)
    for (const bits of [8, 16, 24]) kernel.update(old, prefix(bits), u32(1))
    await copy()
    kernel.remove(old, prefix(16))
    kernel.update(old, prefix(24), u32(2))
    kernel.remove(map, prefix(24))
    expect(await merge()).toEqual({ copied: 3, merged: 1, conflicting: 1, dropped: 0 })
    expect([...kernel.keys(map)]).toEqual([prefix(8)])
  })

  test.each(['hash_of_maps', 'array_of_maps'] as const)(
    'maps in a map of type %s are carried over, those that came later, too',
    async (type) => {
      using template = kernel.createMap({ name: 'i', shape: shape() })
      const create = kernel.createMap.bind(kernel)
      kernel.createMap = (request) => create(request.shape.type === type ? { ...request, inner: template } : request)
      const one = { ...shape({ type, valueSize: 4, maxEntries: 8 }), layout: {} }
      const { old, map, copy, merge } = open('keep-new', { from: one, to: { ...one, maxEntries: 16 } })
      using other = kernel.createMap({ name: 'i', shape: shape() })
      for (const key of [1, 3]) kernel.update(old, u32(key), template)
      await copy()
      kernel.update(old, u32(1), other)
      kernel.update(old, u32(2), template)
      kernel.remove(old, u32(3))
      expect(await merge()).toEqual({ copied: 2, merged: 3, conflicting: 0, dropped: 0 })
      const ids = [other, template].map((fd) => kernel.describe(fd).id)
      expect([1, 2].map((key) => kernel.lookup(map, u32(key)))).toEqual(ids.map((id) => u32(id)))
      expect(kernel.lookup(map, u32(3))).toBeUndefined()
    },
  )
}
