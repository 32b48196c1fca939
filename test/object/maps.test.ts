import { expect, test } from 'vitest'
import { mapTypes } from '../../src/model/map-types.ts'
import { fixture, mapOf } from './fixtures.ts'

const maps = fixture('maps')
const filled = fixture('static-values')

test('every map type that a definition can name is read', () => {
  const known = new Set(maps.maps.map(({ shape }) => shape.type))
  const missing = mapTypes.map(({ name }) => name).filter((name) => !known.has(name))
  expect(missing).toEqual(['struct_ops', 'arena'])
})

test('sizes come from the types of key and value, the layout past typedefs', () => {
  expect(mapOf(maps, 'a_hash')).toMatchObject({
    shape: { type: 'hash', keySize: 8, valueSize: 56, maxEntries: 16, flags: 0, mapExtra: 0 },
    layout: { key: 'struct 8{address:u32@0,port:u16@4,protocol:u8@6,pad:u8@7}' },
    pinByName: false,
    contents: { kind: 'none' },
  })
  expect(mapOf(maps, 'an_array').layout.key).toBe('u32')
})

test('the layout tells bit fields, anonymous members, unions and pointers apart', () => {
  expect(mapOf(maps, 'a_hash').layout.value).toBe(
    'struct 56{packets:u64@0,balance:s32@8,verdict:enumu32@12,name:s8[16]@16,seen:bool8@32,low:u32/4@33,high:u32/12@33.4,' +
      ':struct 2{inside:u16@0}@36,either:union 4{number:u32@0,bytes:u8[4]@0}@40,pointer:pointer@48}',
  )
})

test('flags, map_extra and pinning are read', () => {
  expect(mapOf(maps, 'an_lpm_trie')).toMatchObject({ shape: { flags: 1 }, pinByName: true })
  expect(mapOf(maps, 'a_bloom_filter').shape).toMatchObject({ keySize: 0, valueSize: 4, mapExtra: 3 })
})

test('a ring buffer is rounded up to what a kernel takes, as libbpf does', () => {
  expect(mapOf(maps, 'a_ringbuf').shape.maxEntries).toBe(8192)
})

test('maps of maps have the template of their inner maps', () => {
  const inner = { type: 'hash', keySize: 4, valueSize: 8, maxEntries: 2, flags: 0, mapExtra: 0 }
  for (const name of ['an_array_of_maps', 'a_hash_of_maps']) {
    expect(mapOf(maps, name)).toMatchObject({
      shape: { keySize: 4, valueSize: 4, inner },
      inner: { name: `${name}.inner` },
    })
  }
})

test('static values name programs and maps by slot, gaps left out', () => {
  expect(mapOf(filled, 'jumps').contents).toEqual({
    kind: 'programs',
    slots: new Map([
      [0, 'on_first'],
      [2, 'on_third'],
    ]),
  })
  expect(mapOf(filled, 'by_index').contents).toEqual({
    kind: 'maps',
    slots: new Map([
      [1, 'blue'],
      [2, 'green'],
    ]),
  })
  expect(mapOf(filled, 'by_key').contents).toEqual({ kind: 'maps', slots: new Map([[5, 'blue']]) })
})

test('the older form of definitions is read, with a note and the types of its annotations', () => {
  const legacy = fixture('legacy-maps')
  expect(legacy.notes).toHaveLength(1)
  expect(mapOf(legacy, 'first').shape).toEqual({
    type: 'array',
    keySize: 4,
    valueSize: 8,
    maxEntries: 3,
    flags: 0,
    mapExtra: 0,
  })
  expect(mapOf(legacy, 'second')).toMatchObject({
    shape: { type: 'hash', flags: 1 },
    layout: { key: 'u64', value: 's32' },
  })
  expect(legacy.programs[0]?.code.references).toMatchObject([{ kind: 'map', map: 'second' }])
})
