import { expect, test } from 'vitest'
import { fixture, mapOf } from './fixtures.ts'

const object = fixture('unsupported')

test('what is not supported is named for the program that uses it, and for no other', () => {
  expect(Object.fromEntries(object.programs.map(({ name, unsupported }) => [name, unsupported]))).toEqual({
    has_core: [],
    has_kfunc: [],
    has_ksyms: [],
    has_kconfig: [],
    has_unknown_map: ['map from_the_future of type 99'],
    has_unknown_data: ['data in section .addr_space.1'],
    handle: [],
    is_fine: [],
    has_no_type: [],
  })
})

test('a section that names no program type is noted, and its program has none', () => {
  expect(object.programs.find(({ name }) => name === 'has_no_type')).not.toHaveProperty('type')
  expect(object.notes).toContainEqual(expect.stringContaining('xdp_anything'))
})

test('a map of an unknown type is left out and noted', () => {
  expect(object.maps.map(({ name }) => name)).toEqual(['plain_map', '.kconfig', 'ops'])
  expect(mapOf(object, 'plain_map').shape.type).toBe('array')
  expect(object.notes).toContainEqual(expect.stringContaining('from_the_future'))
})

test('options of another loader in an older definition are refused with the map that has them', () => {
  const foreign = fixture('foreign-options')
  expect(foreign.maps.map(({ name }) => name)).toEqual(['plain'])
  expect(foreign.programs.map(({ unsupported }) => unsupported)).toEqual([
    [],
    ['map pinned with options of another loader'],
  ])
})
