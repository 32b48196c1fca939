import { expect, test } from 'vitest'
import type { Value } from '../../src/model/value.ts'
import { applyGlobals } from '../../src/object/globals.ts'
import { inspectObject } from '../../src/object/inspect.ts'
import type { ObjectFile } from '../../src/object/object-file.ts'
import { fixture } from './fixtures.ts'

const data = fixture('data')

const apply = (values: Record<string, Value>, object: ObjectFile = data) =>
  applyGlobals(object, new Map(Object.entries(values)))

/** The values of the variables after the globals have been set, as inspect shows them. */
function shown(values: Record<string, Value>): Record<string, Value> {
  const { data: sections } = apply(values)
  const maps = data.maps.map((map) => {
    const bytes = sections.get(map.name)
    return bytes && map.contents.kind === 'data' ? { ...map, contents: { ...map.contents, bytes } } : map
  })
  const variables = inspectObject({ ...data, maps }).maps.flatMap((map) => map.variables ?? [])
  return Object.fromEntries(variables.map(({ name, value }) => [name, value]))
}

test('variables are set by name, the others keep what the object says', () => {
  const before = shown({})
  const set = {
    sample_rate: 1,
    level: 'LEVEL_LOUD',
    limits: { low: 1, high: 2 },
    table: [7, 8, 9],
    zeroed: 5,
    optional: 3,
  }
  expect(shown(set)).toEqual({ ...before, ...set })
  expect(before).toMatchObject({
    sample_rate: 128,
    limits: { low: 1024, high: 2048 },
    greeting: 'hello',
    inner_only: -3,
  })
})

test('fields of a struct that are not mentioned keep what the object says, and nothing else does', () => {
  expect(shown({ limits: { low: 1 } })).toMatchObject({ limits: { low: 1, high: 2048 } })
  expect(shown({ limits: null, greeting: 'hi', sample_rate: null })).toMatchObject({
    limits: { low: 0, high: 0 },
    greeting: 'hi',
    sample_rate: 0,
  })
})

test('the object itself is not changed', () => {
  const before = JSON.stringify(inspectObject(data))
  apply({ sample_rate: 1 })
  expect(JSON.stringify(inspectObject(data))).toBe(before)
})

test('all problems are told at once, with the place and the nearest name', () => {
  const { problems } = apply({ sampel_rate: 1, level: 'LEVEL_LOWD', limits: { low: 70000 }, table: [1] })
  expect(problems).toMatchObject([
    { code: 'O050', name: 'sampel_rate', hint: 'did you mean "sample_rate"?' },
    { code: 'O051', name: 'level', hint: 'did you mean LEVEL_LOUD?' },
    { code: 'O051', name: 'limits', message: expect.stringContaining('limits.low') },
    { code: 'O051', name: 'table' },
  ])
})

test('without BTF a variable takes numbers and raw bytes', () => {
  const { data: sections, problems } = apply({ sample_rate: 2, limits: '0x01000200' }, fixture('without-btf'))
  expect(problems).toEqual([])
  expect(sections.get('.rodata')?.subarray(0, 4)).toEqual(Uint8Array.of(2, 0, 0, 0))
  expect(sections.get('.rodata')?.subarray(16, 20)).toEqual(Uint8Array.of(1, 0, 2, 0))
})

test('a big-endian object gets big-endian values', () => {
  const { data: sections } = apply({ sample_rate: 2 }, fixture('big-endian-data'))
  expect(sections.get('.rodata')?.subarray(0, 4)).toEqual(Uint8Array.of(0, 0, 0, 2))
})
