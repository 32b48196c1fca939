import { expect, test } from 'vitest'
import type { Fd, Kernel } from '../../src/kernel/kernel.ts'
import type { MapShape } from '../../src/model/map-spec.ts'
import { hasAdders } from './older-kernels.ts'
import { errnoOf, idOf, makeMap, numberIn, shape, type TestWorld, u32 } from './test-world.ts'

const joined = (parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]))

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true)
  return bytes
}

const longIn = (bytes: Uint8Array | undefined, at = 0): number | undefined =>
  bytes && Number(new DataView(bytes.buffer, bytes.byteOffset).getBigInt64(at, true))

/** What is in a map, by the number of the key. */
function contentsOf(kernel: Kernel, map: Fd<'map'>, keySize = 4): Map<number | undefined, number | undefined> {
  const found = new Map<number | undefined, number | undefined>()
  for (const { keys, values, count } of kernel.entries(map)) {
    const size = values.length / Math.max(count, keys.length / keySize)
    for (let entry = 0; entry < count; entry++) {
      const key = numberIn(keys.slice(entry * keySize, (entry + 1) * keySize))
      expect(found.has(key)).toBe(false)
      found.set(key, numberIn(values.slice(entry * size, (entry + 1) * size)))
    }
  }
  return found
}

const noPrealloc = 1
const plain: readonly Partial<MapShape>[] = [
  { type: 'hash' },
  { type: 'hash', flags: noPrealloc },
  { type: 'lru_hash' },
  { type: 'array' },
]

/** Many entries at a time, and adding. */
export function batchContract(world: () => TestWorld): void {
  test.each(plain)('entries are written and read many at a time: $type', (change) => {
    const { kernel } = world()
    using map = makeMap(kernel, { ...change, maxEntries: 1000 })
    const numbers = Array.from({ length: 1000 }, (_, index) => index)
    const count = change.type === 'array' ? 1000 : 500
    const batch = { keys: joined(numbers.map(u32)), values: joined(numbers.map((n) => u32(n + 7))), count }
    kernel.writeEntries(map, batch)
    expect([...contentsOf(kernel, map)].sort(([a = 0], [b = 0]) => a - b)).toEqual(
      numbers.slice(0, count).map((n) => [n, n + 7]),
    )
  })

  test('a trie is read and written like others, each prefix once', () => {
    const { kernel } = world()
    using map = makeMap(kernel, { type: 'lpm_trie', keySize: 8, maxEntries: 8, flags: noPrealloc })
    const keys = joined([8, 16, 32].map((bits) => joined([u32(bits), Uint8Array.of(10, 1, 2, 3)])))
    kernel.writeEntries(map, { keys, values: joined([1, 2, 3].map(u32)), count: 3 })
    expect(contentsOf(kernel, map, 8)).toEqual(
      new Map([
        [8, 1],
        [16, 2],
        [32, 3],
      ]),
    )
  })

  test('per-CPU entries come with the values of all CPUs', () => {
    const { kernel } = world()
    for (const type of ['percpu_hash', 'percpu_array'] as const) {
      using map = makeMap(kernel, { type, maxEntries: 2 })
      const value = joined(Array.from({ length: kernel.identity.possibleCpus }, (_, cpu) => u64(cpu + 1)))
      kernel.writeEntries(map, { keys: u32(1), values: value, count: 1 })
      expect(kernel.lookup(map, u32(1))).toEqual(value)
      const [batch] = [...kernel.entries(map)]
      expect(batch?.values.subarray((batch.count - 1) * value.length, batch.count * value.length)).toEqual(value)
    }
  })

  test('where a type has no batches, entries are read one by one', () => {
    const { kernel } = world()
    using map = makeMap(kernel, { type: 'devmap_hash', maxEntries: 4 })
    kernel.update(map, u32(7), u32(1))
    expect(contentsOf(kernel, map)).toEqual(new Map([[7, 1]]))
  })

  test('an outer map is read as the ids of its maps', () => {
    const { kernel } = world()
    using inner = makeMap(kernel)
    using outer = kernel.createMap({ name: 'outer', shape: shape({ type: 'array_of_maps' }), inner })
    kernel.update(outer, u32(2), inner)
    expect(contentsOf(kernel, outer)).toEqual(new Map([[2, idOf(kernel, inner)]]))
  })

  test('an empty map has no entries, and writing none is fine', () => {
    const { kernel } = world()
    using map = makeMap(kernel, { type: 'hash' })
    kernel.writeEntries(map, { keys: u32(1), values: u32(1), count: 0 })
    expect([...kernel.entries(map)]).toEqual([])
  })

  test('what has no room is refused, and what came before it stays', () => {
    const { kernel } = world()
    using map = makeMap(kernel, { type: 'hash', maxEntries: 2 })
    const batch = { keys: joined([1, 2, 3].map(u32)), values: joined([1, 2, 3].map(u32)), count: 3 }
    expect(errnoOf(() => kernel.writeEntries(map, batch))).toBe('E2BIG')
    expect(contentsOf(kernel, map).size).toBe(2)
    expect(errnoOf(() => kernel.writeEntries(map, { ...batch, count: 4 }))).toBe('EINVAL')
  })

  const counted = { type: 'hash', valueSize: 16 } as const
  const integers = [
    { at: 0, size: 8, journalAt: 0, journalSize: 8 },
    { at: 12, size: 4, journalAt: 8, journalSize: 2 },
  ] as const

  test('an adder adds to integers, and notes in the journal what it was told', async ({ skip }) => {
    if (!(await hasAdders(world().kernel))) skip('no BPF_PROG_TYPE_SYSCALL on this kernel')
    const { kernel } = world()
    using map = makeMap(kernel, counted)
    using journal = makeMap(kernel, { valueSize: 40 })
    kernel.update(map, u32(7), joined([u64(100), u32(1), u32(2)]))
    using adder = await kernel.openAdder({ map, journal, integers })
    const place = { key: u32(7), journalKey: u32(3), journalOffset: 16 }
    expect(adder.add({ ...place, deltas: [-1n, 5n], noted: [77n, 0x1_0203n] })).toBe(true)
    const value = kernel.lookup(map, u32(7)) ?? new Uint8Array(16)
    expect([longIn(value), numberIn(value.slice(8)), numberIn(value.slice(12))]).toEqual([99, 1, 7])
    const noted = kernel.lookup(journal, u32(3)) ?? new Uint8Array(40)
    expect([longIn(noted, 0), longIn(noted, 16), [...noted.subarray(24, 28)]]).toEqual([0, 77, [3, 2, 0, 0]])
  })

  test('an adder does nothing where the entry or its place in the journal is not there', async ({ skip }) => {
    if (!(await hasAdders(world().kernel))) skip('no BPF_PROG_TYPE_SYSCALL on this kernel')
    const { kernel } = world()
    using map = makeMap(kernel, counted)
    using journal = makeMap(kernel, { valueSize: 40 })
    kernel.update(map, u32(7), new Uint8Array(16))
    using adder = await kernel.openAdder({ map, journal, integers })
    const addition = { key: u32(7), journalKey: u32(3), journalOffset: 0, deltas: [1n, 1n], noted: [1n, 1n] }
    expect(adder.add({ ...addition, key: u32(8) })).toBe(false)
    expect(adder.add({ ...addition, journalKey: u32(4) })).toBe(false)
    expect(adder.add({ ...addition, journalOffset: 31 })).toBe(false)
    expect(kernel.lookup(map, u32(7))).toEqual(new Uint8Array(16))
    expect(kernel.lookup(journal, u32(3))).toEqual(new Uint8Array(40))
    expect(adder.add({ ...addition, journalOffset: 30 })).toBe(true)
  })

  test('an adder takes a hash as journal, too, and keys of any length', async ({ skip }) => {
    if (!(await hasAdders(world().kernel))) skip('no BPF_PROG_TYPE_SYSCALL on this kernel')
    const { kernel } = world()
    const key = (n: number) => joined([u64(n), Uint8Array.of(1, 2, 3)])
    using map = makeMap(kernel, { ...counted, keySize: 11 })
    using journal = makeMap(kernel, { ...counted, keySize: 11, flags: noPrealloc })
    for (const one of [map, journal]) kernel.update(one, key(1), new Uint8Array(16))
    using adder = await kernel.openAdder({ map, journal, integers })
    adder.add({ key: key(1), journalKey: key(1), journalOffset: 0, deltas: [3n, 4n], noted: [5n, 6n] })
    expect(longIn(kernel.lookup(map, key(1)))).toBe(3)
    expect(longIn(kernel.lookup(journal, key(1)))).toBe(5)
  })

  test('an adder adds to the value of one CPU', async ({ skip }) => {
    if (!(await hasAdders(world().kernel))) skip('no BPF_PROG_TYPE_SYSCALL on this kernel')
    const { kernel } = world()
    const cpus = kernel.identity.possibleCpus
    for (const type of ['percpu_hash', 'percpu_array'] as const) {
      using map = makeMap(kernel, { type, valueSize: 8 })
      using journal = makeMap(kernel, { valueSize: 8 * cpus })
      kernel.update(map, u32(1), new Uint8Array(8 * cpus))
      using adder = await kernel.openAdder({ map, journal, integers: integers.slice(0, 1) })
      for (let cpu = 0; cpu < cpus; cpu++) {
        const place = { key: u32(1), journalKey: u32(0), journalOffset: cpu * 8, cpu }
        expect(adder.add({ ...place, deltas: [BigInt(cpu + 1)], noted: [9n] })).toBe(true)
      }
      const value = kernel.lookup(map, u32(1))
      expect(Array.from({ length: cpus }, (_, cpu) => longIn(value, cpu * 8))).toEqual(
        Array.from({ length: cpus }, (_, cpu) => cpu + 1),
      )
    }
  })
}
