import { expect, test } from 'vitest'
import type { MapSpec } from '../../src/model/map-spec.ts'
import { fixture, mapOf } from './fixtures.ts'

const data = fixture('data')
const variablesOf = ({ contents }: MapSpec): string[] =>
  contents.kind === 'data' ? contents.variables.map(({ name, offset, size }) => `${name}@${offset}+${size}`) : []

test('every data section is an array of one entry, flags as libbpf sets them', () => {
  expect(data.maps.map(({ name, shape }) => [name, shape.valueSize, shape.flags])).toEqual([
    ['.rodata', 40, 0x480],
    ['.rodata.named', 8, 0x480],
    ['.data', 16, 0x400],
    ['.data.tables', 12, 0x400],
    ['.bss', 12, 0x400],
  ])
  expect(data.maps.every(({ shape }) => shape.type === 'array' && shape.keySize === 4 && shape.maxEntries === 1)).toBe(
    true,
  )
})

test('variables of each CPU are an array of that kind, without flags', () => {
  const maps = fixture('per-cpu').maps.map(({ name, shape: { type, valueSize, flags } }) => [
    name,
    type,
    valueSize,
    flags,
  ])
  expect(maps).toEqual([
    ['.percpu', 'percpu_array', 8, 0],
    ['.percpu.named', 'percpu_array', 8, 0],
  ])
})

test('only read-only data is frozen', () => {
  const frozen = data.maps.filter(({ contents }) => contents.kind === 'data' && contents.frozen)
  expect(frozen.map(({ name }) => name)).toEqual(['.rodata', '.rodata.named'])
})

test('a section without global variables is not mappable', () => {
  expect(mapOf(fixture('without-btf'), '.data').shape.flags).toBe(0)
  expect(mapOf(fixture('strings'), '.rodata.str1.1')).toMatchObject({ shape: { flags: 0x80 }, layout: {} })
  expect(mapOf(fixture('strings'), '.bss').shape.flags).toBe(0)
})

test('variables have the places of their symbols, static and weak ones too, with BTF and without', () => {
  const expected = ['counter@0+8', 'optional@8+2', 'local_state@12+4']
  expect(variablesOf(mapOf(data, '.data'))).toEqual(expected)
  expect(variablesOf(mapOf(fixture('without-btf'), '.data'))).toEqual(expected)
})

test('a .bss section with a name is one more map', () => {
  const optional = fixture('optional')
  expect(mapOf(optional, '.bss.named').contents).toMatchObject({
    kind: 'data',
    bytes: new Uint8Array(4),
    frozen: false,
  })
  expect(optional.programs[0]?.code.references).toMatchObject([{ kind: 'value', map: '.bss.named', offset: 0 }])
})

test('licence and version are read from their sections', () => {
  expect(data).toMatchObject({ license: 'GPL', kernelVersion: 0x50a00, byteOrder: 'little' })
})

test('references to variables carry the section and the offset in it', () => {
  const places = new Set(data.programs[0]?.code.references.map(({ kind, map, offset }) => `${kind} ${map}+${offset}`))
  expect(places).toContain('value .data+12')
  expect(places).toContain('value .rodata+39')
})
