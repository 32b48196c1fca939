import { expect, test } from 'vitest'
import type { MapShape } from '../../src/model/map-spec.ts'
import { answersSince } from './older-kernels.ts'
import { errnoOf, idOf, makeMap, numberIn, shape, type TestWorld, u32 } from './test-world.ts'

const flag = { noPrealloc: 1, noCommonLru: 2, readOnly: 8, writeOnly: 0x10, readOnlyProgram: 0x80, mmapable: 0x400 }
const preserve = 0x800
const innerMap = 0x1000

/** What BPF_MAP_CREATE answers to a shape. */
const creations: readonly (readonly [string, Partial<MapShape>, string])[] = [
  ['an array', {}, 'ok'],
  ['an array without entries', { maxEntries: 0 }, 'EINVAL'],
  ['an array with keys of 8 bytes', { keySize: 8 }, 'EINVAL'],
  ['an array with values of 0 bytes', { valueSize: 0 }, 'EINVAL'],
  ['an array that programs may only read', { flags: flag.readOnlyProgram }, 'ok'],
  ['an array that can be mapped', { flags: flag.mmapable }, 'ok'],
  ['an array without preallocation', { flags: flag.noPrealloc }, 'EINVAL'],
  ['an array that neither side may use', { flags: flag.readOnlyProgram | 0x100 }, 'EINVAL'],
  ['a map neither readable nor writable', { flags: flag.readOnly | flag.writeOnly }, 'EINVAL'],
  ['a hash', { type: 'hash', keySize: 6, valueSize: 3 }, 'ok'],
  ['a hash without preallocation', { type: 'hash', flags: flag.noPrealloc }, 'ok'],
  ['a hash without keys', { type: 'hash', keySize: 0 }, 'EINVAL'],
  ['a hash without entries', { type: 'hash', maxEntries: 0 }, 'EINVAL'],
  ['a hash without the common LRU list', { type: 'hash', flags: flag.noCommonLru }, 'EINVAL'],
  ['an LRU hash', { type: 'lru_hash' }, 'ok'],
  ['an LRU hash without preallocation', { type: 'lru_hash', flags: flag.noPrealloc }, 'ENOTSUPP'],
  ['a trie', { type: 'lpm_trie', keySize: 8, flags: flag.noPrealloc }, 'ok'],
  ['a preallocated trie', { type: 'lpm_trie', keySize: 8 }, 'EINVAL'],
  ['a trie with keys of 4 bytes', { type: 'lpm_trie', keySize: 4, flags: flag.noPrealloc }, 'EINVAL'],
  ['a queue', { type: 'queue', keySize: 0 }, 'ok'],
  ['a queue with keys', { type: 'queue' }, 'EINVAL'],
  ['a stack', { type: 'stack', keySize: 0 }, 'ok'],
  ['a ring buffer', { type: 'ringbuf', keySize: 0, valueSize: 0, maxEntries: 4096 }, 'ok'],
  ['a ring buffer of a part of a page', { type: 'ringbuf', keySize: 0, valueSize: 0, maxEntries: 1024 }, 'EINVAL'],
  ['a ring buffer of three pages', { type: 'ringbuf', keySize: 0, valueSize: 0, maxEntries: 12288 }, 'EINVAL'],
  ['a program array', { type: 'prog_array' }, 'ok'],
  ['a program array with values of 8 bytes', { type: 'prog_array', valueSize: 8 }, 'EINVAL'],
  ['a program array with keys of 8 bytes', { type: 'prog_array', keySize: 8 }, 'EINVAL'],
  ['a program array without entries', { type: 'prog_array', maxEntries: 0 }, 'EINVAL'],
  ['a program array that programs may only read', { type: 'prog_array', flags: flag.readOnlyProgram }, 'EINVAL'],
  ['a program array that can be mapped', { type: 'prog_array', flags: flag.mmapable }, 'EINVAL'],
  ['a program array of any size', { type: 'prog_array', flags: innerMap }, 'EINVAL'],
  ['a program array that is read-only to us', { type: 'prog_array', flags: flag.readOnly }, 'ok'],
  ['a perf event array that keeps its entries', { type: 'perf_event_array', flags: preserve }, 'ok'],
  ['an array of maps without a template', { type: 'array_of_maps' }, 'EINVAL'],
  ['a devmap', { type: 'devmap' }, 'ok'],
  ['a devmap with values of 8 bytes', { type: 'devmap', valueSize: 8 }, 'ok'],
  ['a cpumap', { type: 'cpumap', maxEntries: 2 }, 'ok'],
  ['a sockmap', { type: 'sockmap' }, 'ok'],
  ['a per-CPU array', { type: 'percpu_array' }, 'ok'],
]

/** Creation, elements, freezing. */
export function mapContract(world: () => TestWorld): void {
  test.each(creations)('creating %s', (_, change, errno) => {
    expect(errnoOf(() => makeMap(world().kernel, change))).toBe(errno)
  })

  test('who has a descriptor of a map is told until it is closed; a pin alone is nobody', () => {
    const { kernel, bpffs } = world()
    const map = makeMap(kernel)
    const id = idOf(kernel, map)
    expect(kernel.descriptors().map.get(id)).toHaveLength(1)
    kernel.pin(map, `${bpffs}/held`)
    map[Symbol.dispose]()
    expect(kernel.descriptors().map.get(id)).toBeUndefined()
    kernel.bpffs.unpin(`${bpffs}/held`)
  })

  test('a map is described as it was made', () => {
    const { kernel } = world()
    using map = kernel.createMap({ name: 'a-name-that-is-too-long', shape: shape({ type: 'hash', keySize: 6 }) })
    const { type: _, ...rest } = shape({ keySize: 6 })
    expect(kernel.describe(map)).toMatchObject({
      kind: 'map',
      name: 'a_name_that_is_',
      type: 'hash',
      typeNumber: 1,
      shape: rest,
      btfId: 0,
      frozen: false,
    })
  })

  test('the kernel makes devmaps read-only for programs, and rounds LRU maps with lists per CPU', () => {
    const { kernel } = world()
    using devmap = makeMap(kernel, { type: 'devmap' })
    expect(kernel.describe(devmap)).toMatchObject({ shape: { flags: flag.readOnlyProgram } })
    using lru = makeMap(kernel, { type: 'lru_hash', maxEntries: 1001, flags: flag.noCommonLru })
    const cpus = kernel.identity.possibleCpus
    expect(kernel.describe(lru)).toMatchObject({ shape: { maxEntries: Math.ceil(1001 / cpus) * cpus } })
  })

  test('an array is full of zeros, ends at max_entries, and loses no element', () => {
    const { kernel } = world()
    using map = makeMap(kernel, { valueSize: 6, maxEntries: 2 })
    expect(kernel.lookup(map, u32(1))).toEqual(new Uint8Array(6))
    expect(kernel.lookup(map, u32(2))).toBeUndefined()
    kernel.update(map, u32(1), new Uint8Array([1, 2, 3, 4, 5, 6]))
    expect(kernel.lookup(map, u32(1))).toEqual(new Uint8Array([1, 2, 3, 4, 5, 6]))
    kernel.update(map, u32(1), new Uint8Array(6), 'replace')
    expect(errnoOf(() => kernel.update(map, u32(1), new Uint8Array(6), 'create'))).toBe('EEXIST')
    expect(errnoOf(() => kernel.update(map, u32(2), new Uint8Array(6)))).toBe('E2BIG')
    expect(errnoOf(() => kernel.remove(map, u32(1)))).toBe('EINVAL')
    expect([...kernel.keys(map)].map(numberIn)).toEqual([0, 1])
  })

  test.each([4, 4096])(
    'a value of %d bytes that was looked up is not changed by what is looked up later',
    (valueSize) => {
      const { kernel } = world()
      using map = makeMap(kernel, { valueSize })
      const value = (number: number): Uint8Array => new Uint8Array(valueSize).fill(number)
      for (const index of [0, 1]) kernel.update(map, u32(index), value(index + 1))
      const first = kernel.lookup(map, u32(0))
      expect(kernel.lookup(map, u32(1))).toEqual(value(2))
      expect(first).toEqual(value(1))
    },
  )

  test('a hash takes as many elements as it has room for, by the mode of the update', () => {
    const { kernel } = world()
    using map = makeMap(kernel, { type: 'hash', maxEntries: 2 })
    expect(kernel.lookup(map, u32(7))).toBeUndefined()
    expect(errnoOf(() => kernel.update(map, u32(7), u32(1), 'replace'))).toBe('ENOENT')
    kernel.update(map, u32(7), u32(1), 'create')
    expect(errnoOf(() => kernel.update(map, u32(7), u32(2), 'create'))).toBe('EEXIST')
    kernel.update(map, u32(8), u32(2))
    expect(errnoOf(() => kernel.update(map, u32(9), u32(3)))).toBe('E2BIG')
    kernel.update(map, u32(8), u32(3), 'replace')
    expect([...kernel.keys(map)].map(numberIn).sort()).toEqual([7, 8])
    expect(kernel.remove(map, u32(7))).toBe(true)
    expect(kernel.remove(map, u32(7))).toBe(false)
    expect(numberIn(kernel.lookup(map, u32(8)))).toBe(3)
  })

  test('an LRU hash makes room', () => {
    const { kernel } = world()
    using map = makeMap(kernel, { type: 'lru_hash', maxEntries: 2 })
    for (let key = 0; key < 100; key++) kernel.update(map, u32(key), u32(key))
    expect([...kernel.keys(map)].length).toBeLessThanOrEqual(2)
  })

  test('a trie answers with the longest prefix', () => {
    const { kernel } = world()
    using map = makeMap(kernel, { type: 'lpm_trie', keySize: 8, maxEntries: 3, flags: flag.noPrealloc })
    const prefix = (bits: number, ...address: number[]): Uint8Array => new Uint8Array([bits, 0, 0, 0, ...address])
    kernel.update(map, prefix(8, 10, 0, 0, 0), u32(8))
    kernel.update(map, prefix(16, 10, 1, 99, 99), u32(16))
    expect(numberIn(kernel.lookup(map, prefix(32, 10, 1, 2, 3)))).toBe(16)
    expect(numberIn(kernel.lookup(map, prefix(32, 10, 2, 2, 3)))).toBe(8)
    expect(numberIn(kernel.lookup(map, prefix(8, 10, 1, 2, 3)))).toBe(8)
    expect(kernel.lookup(map, prefix(32, 11, 0, 0, 0))).toBeUndefined()
    expect(errnoOf(() => kernel.update(map, prefix(33, 10, 0, 0, 0), u32(1)))).toBe('EINVAL')
    // Older tries take the mode for granted and overwrite (mended in 6.13 and in later 6.1).
    if (answersSince(kernel, '6.1')) {
      expect(errnoOf(() => kernel.update(map, prefix(16, 10, 1, 0, 0), u32(1), 'create'))).toBe('EEXIST')
      expect(errnoOf(() => kernel.update(map, prefix(24, 10, 1, 0, 0), u32(1), 'replace'))).toBe('ENOENT')
    }
    kernel.update(map, prefix(0, 0, 0, 0, 0), u32(0))
    expect(errnoOf(() => kernel.update(map, prefix(24, 10, 9, 9, 0), u32(1)))).toBe('ENOSPC')
    expect(kernel.remove(map, prefix(16, 10, 1, 7, 7))).toBe(true)
    expect(kernel.remove(map, prefix(16, 10, 1, 7, 7))).toBe(false)
    expect([...kernel.keys(map)].length).toBe(2)
  })

  test('per-CPU values come and go for all CPUs at once', () => {
    const { kernel } = world()
    for (const type of ['percpu_array', 'percpu_hash'] as const) {
      using map = makeMap(kernel, { type, valueSize: 4 })
      const value = new Uint8Array(8 * kernel.identity.possibleCpus).fill(3)
      kernel.update(map, u32(1), value)
      expect(kernel.lookup(map, u32(1))?.length).toBe(value.length)
      expect(kernel.lookup(map, u32(1))?.subarray(0, 4)).toEqual(new Uint8Array(4).fill(3))
      expect(errnoOf(() => kernel.update(map, u32(1), u32(1)))).toBe('EINVAL')
    }
  })

  test('queues and stacks are read at their end', () => {
    const { kernel } = world()
    for (const [type, first] of [
      ['queue', 1],
      ['stack', 2],
    ] as const) {
      using map = makeMap(kernel, { type, keySize: 0, maxEntries: 2 })
      const none = new Uint8Array(0)
      expect(kernel.lookup(map, none)).toBeUndefined()
      kernel.update(map, none, u32(1))
      kernel.update(map, none, u32(2))
      expect(numberIn(kernel.lookup(map, none))).toBe(first)
      expect(errnoOf(() => kernel.update(map, none, u32(3)))).toBe('E2BIG')
      expect(errnoOf(() => kernel.update(map, none, u32(3), 'create'))).toBe('EINVAL')
      kernel.update(map, none, u32(3), 'replace')
      expect(errnoOf(() => kernel.remove(map, none))).toBe('EINVAL')
    }
  })

  test('a ring buffer has no elements', () => {
    const { kernel } = world()
    using map = makeMap(kernel, { type: 'ringbuf', keySize: 0, valueSize: 0, maxEntries: 4096 })
    expect(errnoOf(() => kernel.lookup(map, new Uint8Array(0)))).toBe('ENOTSUPP')
    expect(errnoOf(() => kernel.remove(map, new Uint8Array(0)))).toBe('ENOTSUPP')
  })

  test('keys and values of another size are refused before the kernel sees them', () => {
    const { kernel } = world()
    using map = makeMap(kernel)
    expect(errnoOf(() => kernel.lookup(map, new Uint8Array(3)))).toBe('EINVAL')
    expect(errnoOf(() => kernel.update(map, u32(0), new Uint8Array(5)))).toBe('EINVAL')
  })

  test('a frozen map is read, but no longer written or frozen', () => {
    const { kernel } = world()
    using map = makeMap(kernel, { type: 'hash' })
    kernel.update(map, u32(1), u32(5))
    kernel.freeze(map)
    expect(numberIn(kernel.lookup(map, u32(1)))).toBe(5)
    expect(errnoOf(() => kernel.update(map, u32(1), u32(6)))).toBe('EPERM')
    expect(errnoOf(() => kernel.remove(map, u32(1)))).toBe('EPERM')
    expect(errnoOf(() => kernel.freeze(map))).toBe(answersSince(kernel, '6.12') ? 'EPERM' : 'EBUSY')
    expect(kernel.describe(map)).toMatchObject({ frozen: true })
  })

  test('a map made read-only or write-only is so through that descriptor alone', () => {
    const { kernel } = world()
    using readable = makeMap(kernel, { flags: flag.readOnly })
    expect(errnoOf(() => kernel.update(readable, u32(0), u32(1)))).toBe('EPERM')
    using again = kernel.openById('map', kernel.describe(readable).id)
    kernel.update(again, u32(0), u32(1))
    expect(numberIn(kernel.lookup(readable, u32(0)))).toBe(1)
    using writable = makeMap(kernel, { flags: flag.writeOnly })
    expect(errnoOf(() => kernel.lookup(writable, u32(0)))).toBe('EPERM')
  })

  test('an outer map takes maps of its template, and answers with their ids', () => {
    const { kernel } = world()
    using template = makeMap(kernel, { type: 'array', maxEntries: 4 })
    using outer = kernel.createMap({ name: 'outer', shape: shape({ type: 'array_of_maps' }), inner: template })
    using good = makeMap(kernel, { maxEntries: 4 })
    using larger = makeMap(kernel, { maxEntries: 8 })
    using wider = makeMap(kernel, { valueSize: 8 })
    using hash = makeMap(kernel, { type: 'hash' })
    expect(kernel.lookup(outer, u32(0))).toBeUndefined()
    expect(kernel.remove(outer, u32(0))).toBe(false)
    kernel.update(outer, u32(0), good)
    expect(numberIn(kernel.lookup(outer, u32(0)))).toBe(kernel.describe(good).id)
    for (const other of [larger, wider, hash]) {
      expect(errnoOf(() => kernel.update(outer, u32(1), other))).toBe('EINVAL')
    }
    expect(errnoOf(() => kernel.update(outer, u32(1), good, 'create'))).toBe('EINVAL')
    expect(errnoOf(() => kernel.update(outer, u32(4), good))).toBe('E2BIG')
    expect(kernel.remove(outer, u32(0))).toBe(true)
  })

  test('a hash of hashes takes maps of any size, by the mode of the update', () => {
    const { kernel } = world()
    using template = makeMap(kernel, { type: 'hash', maxEntries: 4 })
    using outer = kernel.createMap({
      name: 'outer',
      shape: shape({ type: 'hash_of_maps', maxEntries: 1 }),
      inner: template,
    })
    using larger = makeMap(kernel, { type: 'hash', maxEntries: 8 })
    expect(errnoOf(() => kernel.update(outer, u32(9), larger, 'replace'))).toBe('ENOENT')
    kernel.update(outer, u32(9), larger, 'create')
    expect(errnoOf(() => kernel.update(outer, u32(9), larger, 'create'))).toBe('EEXIST')
    expect(errnoOf(() => kernel.update(outer, u32(8), larger))).toBe('E2BIG')
    expect(numberIn(kernel.lookup(outer, u32(9)))).toBe(kernel.describe(larger).id)
  })

  test('program arrays and outer maps cannot be inside a map', () => {
    const { kernel } = world()
    using array = makeMap(kernel, { type: 'prog_array' })
    using template = makeMap(kernel)
    using outer = kernel.createMap({ name: 'outer', shape: shape({ type: 'array_of_maps' }), inner: template })
    const around = (inner: typeof array): string =>
      errnoOf(() => kernel.createMap({ name: 'o', shape: shape({ type: 'array_of_maps' }), inner }))
    expect(around(array)).toBe('ENOTSUPP')
    expect(around(outer)).toBe('EINVAL')
  })

  test('an outer map keeps its inner maps alive', () => {
    const { kernel } = world()
    using template = makeMap(kernel)
    const inner = makeMap(kernel)
    const id = kernel.describe(inner).id
    {
      using outer = kernel.createMap({ name: 'outer', shape: shape({ type: 'array_of_maps' }), inner: template })
      kernel.update(outer, u32(0), inner)
      inner[Symbol.dispose]()
      using again = kernel.openById('map', id)
      kernel.update(again, u32(0), u32(1))
    }
  })

  test('a closed descriptor is refused', () => {
    const { kernel } = world()
    const map = makeMap(kernel)
    map[Symbol.dispose]()
    map[Symbol.dispose]()
    expect(() => kernel.lookup(map, u32(0))).toThrow()
    expect(errnoOf(() => kernel.openById('map', 0x7ffffffe))).toBe('ENOENT')
  })
}
