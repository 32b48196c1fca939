import { expect, test } from 'vitest'
import type { Difference, DifferencePart } from '../../src/differences/difference.ts'
import { findDifferences } from '../../src/differences/find-differences.ts'
import type { MapState, ProgramState, Resource } from '../../src/model/state.ts'
import { makePlan } from '../../src/plan/make-plan.ts'
import { readManifest } from '../state/read-fixture.ts'
import { applied, array, desired, link, map, program } from '../support/builders.ts'

const find = (before: readonly Resource[], after: readonly Resource[], bounds = {}): readonly Difference[] => {
  const [current, wanted] = [applied(before), desired(...after)]
  const { changes } = makePlan(current, wanted)
  return findDifferences({ current, desired: wanted, changes, byteOrder: 'little' }, bounds)
}

const partsOf = (before: Resource, after: Resource): readonly DifferencePart[] =>
  find([before], [after])[0]?.parts ?? []

const declared = (entries: Readonly<Record<string, string>>, change: Partial<MapState> = {}): MapState =>
  map('limits', {
    contents: { kind: 'entries', entries: Object.entries(entries).map(([key, value]) => ({ key, value })) },
    layout: { key: 'u32', value: 'u64' },
    ...change,
  })

test('nothing differs in what stays, comes or goes', () => {
  const stays = program('stays')
  expect(find([stays, program('goes')], [stays, program('comes')])).toEqual([])
})

test('entries are told by key, before and after, as their layouts say', () => {
  const before = declared({ '01000000': '0500000000000000', '02000000': '0700000000000000' })
  const after = declared({ '01000000': '0600000000000000', '03000000': '0900000000000000' })
  expect(partsOf(before, after)).toEqual([
    {
      kind: 'entries',
      values: [
        { name: '1', before: '5', after: '6' },
        { name: '3', after: '9' },
        { name: '2', before: '7' },
      ],
    },
  ])
})

test('keys of a trie of prefixes are networks', () => {
  const shape = { type: 'lpm_trie', keySize: 8, valueSize: 4, maxEntries: 8, flags: 1, mapExtra: 0 } as const
  const layout = { value: 'bool8' }
  const before = declared({ '080000000a000000': '00' }, { shape, layout })
  const after = declared({ '080000000a000000': '01' }, { shape, layout })
  expect(partsOf(before, after)).toEqual([
    { kind: 'entries', values: [{ name: '10.0.0.0/8', before: 'false', after: 'true' }] },
  ])
})

const section = (layout: string | undefined, initial: string): MapState =>
  map('rodata', {
    shape: { type: 'array', keySize: 4, valueSize: 16, maxEntries: 1, flags: 0x80, mapExtra: 0 },
    layout: layout === undefined ? {} : { value: layout },
    contents: { kind: 'data', initial, frozen: true },
    onChange: 'replace',
  })

const sectionLayout = 'section 16{rate:u32@0,mode:enums32@4,greeting:s8[8]@8}'

test('variables of a section are told by name; those that are the same are left out', () => {
  const before = section(sectionLayout, `80000000ffffffff${Buffer.from('hello\0\0\0').toString('hex')}`)
  const after = section(sectionLayout, `80000000ffffffff${Buffer.from('good\0\0\0\0').toString('hex')}`)
  expect(partsOf(before, after)).toEqual([
    { kind: 'variables', values: [{ name: 'greeting', before: '"hello"', after: '"good"' }] },
  ])
})

test('a variable of another type, a new one and one that is gone', () => {
  const before = section('section 16{rate:u32@0,gone:u32@4}', `05000000070000000000000000000000`)
  const after = section('section 16{rate:u64@0,bits:u8[2]@8}', `0500000000000000abcd000000000000`)
  expect(partsOf(before, after).at(-1)).toEqual({
    kind: 'variables',
    values: [
      { name: 'rate', before: '5 (u32)', after: '5 (u64)' },
      { name: 'bits', after: '0xabcd' },
      { name: 'gone', before: '7' },
    ],
  })
})

test('without a layout, and in what is no variable, the bytes are told', () => {
  const [before, after] = [section(undefined, '00'.repeat(20)), section(undefined, `${'00'.repeat(17)}0a0000`)]
  expect(partsOf(before, after)).toEqual([
    { kind: 'variables', values: [{ name: 'byte 16', before: '0x00000000', after: '0x000a0000' }] },
  ])
})

test('slots and links: who is where before and after, and which id is replaced', () => {
  const before = [array('calls', { 0: 'a', 1: 'b', 3: 'a', 4: 'b' }), program('a'), program('b'), link('up', 'a')]
  const after = [array('calls', { 0: 'b', 2: 'b', 3: 'a', 4: 'b' }), program('a', [], 1), program('b'), link('up', 'a')]
  expect(find(before, after)).toMatchObject([
    {
      address: 'map.calls',
      parts: [
        {
          kind: 'slots',
          values: [
            { name: '0', before: 'program.a #11', after: 'program.b #12' },
            { name: '1', before: 'program.b #12' },
            { name: '2', after: 'program.b #12' },
            { name: '3', before: 'program.a #11', after: 'program.a, new' },
          ],
        },
      ],
    },
    { address: 'program.a', parts: [{ kind: 'code' }] },
    {
      address: 'link.up',
      parts: [{ kind: 'attributes', values: [{ name: 'program', before: 'program.a #11', after: 'program.a, new' }] }],
    },
  ])
})

test('what is fixed is told by attribute, fields of the layout each', () => {
  const before = map('flows', { layout: { key: 'u32', value: 'struct 8{packets:u64@0}' }, onChange: 'replace' })
  const shape = { ...before.shape, maxEntries: 4, valueSize: 16 }
  const layout = { key: 'u32', value: 'struct 16{packets:u64@0,bytes:u64@8}' }
  expect(partsOf(before, map('flows', { shape, layout, onChange: 'replace' }))).toEqual([
    {
      kind: 'attributes',
      values: [
        { name: 'valueSize', before: '8', after: '16' },
        { name: 'maxEntries', before: '1024', after: '4' },
        { name: 'layout.value.bytes', after: 'u64' },
      ],
    },
  ])
})

test('a long value is told by where it begins to differ', () => {
  const type = { shape: { ...map('a').shape, valueSize: 300 }, layout: { key: 'u32', value: 'u8[300]' } }
  const before = declared({ '01000000': '00'.repeat(300) }, type)
  const after = declared({ '01000000': `${'00'.repeat(260)}0b${'00'.repeat(39)}` }, type)
  const rest = (first: string) => `300 bytes, from byte 260: 0x${first}${'00'.repeat(31)}...`
  expect(partsOf(before, after)).toEqual([
    { kind: 'entries', values: [{ name: '1', before: rest('00'), after: rest('0b') }] },
  ])
})

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)
const hexKey = (at: number): string => Buffer.from(Uint32Array.of(at).buffer).toString('hex')

test('what is too much is left out from its end on, by whole values and hunks, and counted', () => {
  const entries = (value: string) => Object.fromEntries(numbers(50).map((at) => [hexKey(at), `${value}00000000000000`]))
  const before = [declared(entries('01')), long('a', []), long('b', [])]
  const after = [declared(entries('02')), long('a', [20, 60, 100]), long('b', [20])]
  const found = find(before, after, { values: 48, lines: 20 })
  expect(found.map(({ parts: [part] }) => part)).toMatchObject([
    { kind: 'entries', omitted: 2 },
    { kind: 'code', lines: { removed: 3, added: 3 }, omitted: 1 },
    { kind: 'code', lines: { removed: 1, added: 1 }, hunks: [], omitted: 1 },
  ])
  const [first, second] = found.map(({ parts: [part] }) => part)
  expect(first?.kind === 'entries' && first.values.length).toBe(48)
  expect(second?.kind === 'code' && second.hunks.length).toBe(2)
})

test('programs that have little in common are not compared line by line', () => {
  const before = long('a', [], 5000)
  const after = long('a', numbers(5000), 5000)
  expect(partsOf(before, after)).toEqual([{ kind: 'code', instructions: { before: 5001, after: 5001 }, hunks: [] }])
})

/** A program of many instructions, other ones at these places. */
function long(name: string, changed: readonly number[], size = 120): ProgramState {
  const base = program(name)
  const other = new Set(changed)
  const code = numbers(size).flatMap((at) => [
    0xb7,
    0,
    0,
    0,
    ...Uint8Array.of(at & 127, at >> 7, other.has(at) ? 1 : 0, 0),
  ])
  return { ...base, code: { instructions: new Uint8Array([...code, 0x95, 0, 0, 0, 0, 0, 0, 0]), references: [] } }
}

test('numbers that are enumerators go by their names, in sections, structs and entries', () => {
  const manifest = (level: string) =>
    `objects: { main: { file: data.bpf.o, globals: { level: ${level} } } }\nprograms: { reads_all: {} }\n`
  const [before, after] = [readManifest(manifest('LEVEL_QUIET')), readManifest(manifest('LEVEL_LOUD'))]
  const current = applied([...before.resources.values()])
  const { changes } = makePlan(current, after)
  const found = findDifferences({ current, desired: after, changes, byteOrder: 'little' })
  expect(found.find(({ address }) => address === 'map.rodata')?.parts).toEqual([
    { kind: 'variables', values: [{ name: 'level', before: 'LEVEL_QUIET', after: 'LEVEL_LOUD' }] },
  ])
  const damaged = { ...after, btf: new Map([['main', new Uint8Array(100)]]) }
  const numbers = findDifferences({ current, desired: damaged, changes, byteOrder: 'little' })
  expect(numbers.find(({ address }) => address === 'map.rodata')?.parts).toEqual([
    { kind: 'variables', values: [{ name: 'level', before: '-1', after: '5' }] },
  ])
})
