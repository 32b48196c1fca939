import { describe, expect, test } from 'vitest'
import { restored } from '../../src/manifest/variables.ts'
import { brief, complaints, edge, minimal, valid } from './parse.ts'

const globals = (text: string, variables: Record<string, string> = {}): unknown =>
  Object.fromEntries(valid(minimal(text), { variables }).manifest.objects.get('m')?.globals ?? [])

test('a scalar that is one variable takes the type of its value, quoted or not', () => {
  const text =
    'objects: { m: { file: a, globals: { a: "${A}", b: "${B}", c: "x${A}", d: !!str "${A}", e: "${E:-0x10}", f: "${F}" } } }\n'
  expect(globals(text, { A: '5', B: 'true', F: '18446744073709551615' })).toEqual({
    a: 5,
    b: true,
    c: 'x5',
    d: '5',
    e: 16,
    f: 18446744073709551615n,
  })
})

test('within longer text a default is written as it stands in the manifest', () => {
  expect(globals('vars: { V: 1.10 }\nobjects: { m: { file: a, globals: { a: "v${V}", b: "${V}" } } }\n')).toEqual({
    a: 'v1.10',
    b: 1.1,
  })
})

test('a doubled dollar stands for the characters themselves', () => {
  expect(
    globals('objects: { m: { file: a, globals: { a: "$${A}", b: $$, c: "$${${A}", d: $A } } }\n', { A: 'x' }),
  ).toEqual({
    a: '${A}',
    b: '$$',
    c: '${x',
    d: '$A',
  })
})

test('a default in place is for a variable that is unset or empty', () => {
  const text = 'objects: { m: { file: a, globals: { a: "${A:-no}", b: "${B:-no}", c: "${C:-no}", d: "<${D:-}>" } } }\n'
  expect(globals(text, { A: 'yes', B: '' })).toEqual({ a: 'yes', b: 'no', c: 'no', d: '<>' })
})

test('the first source that has a variable wins: command line, file, environment, vars', () => {
  const text = minimal('vars: { A: 1, B: 1, C: 1, D: { default: 1 } }\nobjects: { m: { file: "f${A}${B}${C}${D}" } }\n')
  const fileVariables = new Map(['A', 'B'].map((name) => [name, { value: 3, text: '3' }]))
  const environment = { PINFOLD_VAR_A: '2', PINFOLD_VAR_B: '2', PINFOLD_VAR_C: '2', D: '2' }
  const { manifest } = valid(text, { variables: { A: '4' }, fileVariables, environment })
  expect(manifest.objects.get('m')?.file).toBe('f4321')
})

test('variables stand in keys, too', () => {
  const text = edge(
    'maps: { a: { entries: { "${NET}": 1, "${PORT}": 2 } } }\nlinks: { "${IF}": { program: ingress } }\n',
  )
  const { manifest } = valid(text, { variables: { NET: '10.0.0.0/8', PORT: '80', IF: 'eth0' } })
  expect([...manifest.links.keys()]).toEqual(['eth0'])
  expect(manifest.maps.get('a')).toMatchObject({ entries: [{ key: '10.0.0.0/8' }, { key: 80 }] })
})

test('a --var that the manifest only declares is not unused', () => {
  expect(complaints(minimal('vars: { A: 1 }\n'), { variables: { A: '2', B: '3' } }).map(brief)).toEqual(['M008 3:1'])
})

test('comments hold no variables', () => {
  expect(complaints(minimal('# ${NOT}\n'))).toEqual([])
})

describe('variables of a saved plan', () => {
  const text = minimal(
    'vars: { D: 1 }\nobjects: { m: { file: a, globals: { a: "${A}", b: "${B}", c: "x${C}", d: "${D}", e: "${E:-5}" } } }\n',
  )
  const fileVariables = new Map([
    ['A', { value: '5', text: '5' }],
    ['UNUSED', { value: 1, text: '1' }],
  ])
  const given = valid(text, { fileVariables, variables: { B: '0x10' }, environment: { PINFOLD_VAR_C: '1.10' } })

  test('are those that somebody gave and the manifest uses', () => {
    expect(given.variables).toEqual([
      { name: 'A', text: '5', quoted: true },
      { name: 'B', text: '0x10' },
      { name: 'C', text: '1.10' },
    ])
  })

  test('give the same manifest again, whatever else is set meanwhile', () => {
    const again = valid(text, { fileVariables: new Map(given.variables.map((one) => [one.name, restored(one)])) })
    expect([again.manifest, again.digest()]).toEqual([given.manifest, given.digest()])
  })
})
