import { expect, test } from 'vitest'
import { inspectObject } from '../../src/object/inspect.ts'
import { fixture } from './fixtures.ts'

test('a program is described with its type, its maps, its size and its tags', () => {
  expect(inspectObject(fixture('static-values')).programs.find(({ name }) => name === 'entry')).toEqual({
    name: 'entry',
    section: 'xdp',
    type: 'xdp',
    attachType: 'xdp',
    flags: 0,
    autoload: true,
    instructions: 24,
    maps: ['by_index', 'by_key', 'jumps'],
    relocations: 0,
    externs: [],
    tags: { sha256: expect.stringMatching(/^[0-9a-f]{16}$/), sha1: expect.stringMatching(/^[0-9a-f]{16}$/) },
    undefined: [],
    unsupported: [],
  })
})

test('static slots and variables are shown', () => {
  const { maps } = inspectObject(fixture('static-values'))
  expect(maps.find(({ name }) => name === 'jumps')?.slots).toEqual({ 0: 'on_first', 2: 'on_third' })
  const rodata = inspectObject(fixture('data')).maps.find(({ name }) => name === '.rodata')
  expect(rodata).toMatchObject({ frozen: true, layout: { value: expect.stringContaining('sample_rate:u32@0') } })
  expect(rodata?.variables?.[0]).toEqual({ name: 'sample_rate', offset: 0, size: 4, value: 128 })
})

test('the description is plain JSON', () => {
  for (const name of ['data', 'maps', 'unsupported', 'big-endian-data', 'without-btf']) {
    const description = inspectObject(fixture(name))
    expect(JSON.parse(JSON.stringify(description))).toEqual(description)
  }
})

test('both byte orders have the same initial values', () => {
  const variables = (name: string) => inspectObject(fixture(name)).maps.map((map) => map.variables)
  expect(variables('big-endian-data')).toEqual(variables('data'))
})
