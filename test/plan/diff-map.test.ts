import { describe, expect, test } from 'vitest'
import { type MapAddress, mapAddress, programAddress } from '../../src/model/address.ts'
import type { MapShape } from '../../src/model/map-spec.ts'
import type { MapState } from '../../src/model/state.ts'
import { diff } from '../../src/plan/diff.ts'
import { diffMap, type MapDifference } from '../../src/plan/diff-map.ts'
import { applied, array, desired, map } from '../support/builders.ts'

const fixed = (before: MapState, after: MapState): string[] =>
  diffMap(before, after).fixed.map((reason) => reason.attribute)

const shaped = (fields: Partial<MapShape>): MapState => map('m', { shape: { ...map('m').shape, ...fields } })

describe('a map is another one', () => {
  test('when it was the stack’s own and is somebody else’s now', () => {
    expect(fixed(map('m'), map('m', { owner: 'foreign' }))).toEqual(['owner'])
  })

  test('when its keys have other fields', () => {
    expect(fixed(map('m'), map('m', { layout: { key: 's32', value: 'u64' } }))).toEqual(['layout.key'])
  })

  test('when the maps that it holds have another shape', () => {
    const outer = (maxEntries: number) => shaped({ type: 'array_of_maps', inner: { ...map('i').shape, maxEntries } })
    expect(fixed(outer(1), outer(2))).toEqual(['inner.maxEntries'])
  })

  test('when a flag differs that the kernel does not set itself for its type', () => {
    expect(fixed(shaped({ flags: 0x80 }), shaped({ flags: 0 }))).toEqual(['flags'])
  })
})

describe('the size of a per-CPU LRU map', () => {
  const lru = (maxEntries: number, flags = 2) => shaped({ type: 'lru_percpu_hash', maxEntries, flags })

  test('differs when it is smaller, or larger than any rounding', () => {
    expect(fixed(lru(1001), lru(1001))).toEqual([])
    expect(fixed(lru(1000), lru(1001))).toEqual(['maxEntries'])
    expect(fixed(lru(1001 + 4096), lru(1001))).toEqual(['maxEntries'])
  })

  test('is not rounded with one list for all CPUs', () => {
    expect(fixed(lru(1002, 0), lru(1001, 0))).toEqual(['maxEntries'])
  })
})

describe('the contents', () => {
  const contents = (before: MapState, after: MapState): MapDifference['contents'] => diffMap(before, after).contents

  test('an entry that is declared no longer goes', () => {
    const allow = (...keys: string[]) =>
      map('allow', { contents: { kind: 'entries', entries: keys.map((key) => ({ key, value: '05' })) } })
    expect(contents(allow('01', '02'), allow('02'))).toEqual([
      { attribute: 'entries.01', before: '05', after: undefined },
    ])
  })

  test('another map under an index is set', () => {
    const outer = (name: string) =>
      map('o', { contents: { kind: 'inner', slots: new Map<number, MapAddress>([[3, mapAddress(name)]]) } })
    expect(contents(outer('red'), outer('blue'))).toEqual([
      { attribute: 'inner.3', before: 'map.red', after: 'map.blue' },
    ])
  })

  test('a slot that is declared no longer differs', () => {
    const { slots } = diffMap(array('a', { 0: 'p', 1: 'q' }), array('a', { 1: 'q' }))
    expect([...slots.values()]).toEqual([{ attribute: 'slots.0', before: programAddress('p'), after: undefined }])
  })
})

test('a map that was pinned and shall not be, or the other way round, is updated', () => {
  const [pinned, plain] = [map('m'), map('m', { pinned: false })]
  for (const [before, after] of [[pinned, plain] as const, [plain, pinned] as const]) {
    expect(diff(applied([before]), desired(after))).toMatchObject([
      { action: 'update', because: [{ attribute: 'pin', before: String(before.pinned), after: String(after.pinned) }] },
    ])
  }
})

describe('what is called a loss', () => {
  const verdict = (before: MapState, ...after: MapState[]) => diff(applied([before]), desired(...after))[0]?.verdict

  test('a deleted map, unless it was made from the manifest or is somebody else’s', () => {
    const data = map('m', { contents: { kind: 'data', initial: '00', frozen: true } })
    expect(verdict(map('m'))).toBe('data loss')
    expect([verdict(data), verdict(array('m', {})), verdict(map('m', { owner: 'foreign' }))]).toEqual(
      Array(3).fill(undefined),
    )
  })

  test('a replaced section of writable data, but not a foreign map that its owner replaced', () => {
    const data = (initial: string) => map('m', { contents: { kind: 'data', initial, frozen: false } })
    expect(verdict(data('00'), data('01'))).toBe('data loss')
    const foreign = (maxEntries: number) => ({ ...shaped({ maxEntries }), owner: 'foreign' as const })
    expect(verdict(foreign(1), foreign(2))).toBeUndefined()
  })
})
