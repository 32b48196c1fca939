import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { attachTypes, programTypes } from '../../src/model/program-types.ts'
import { complaints } from './parse.ts'

interface Field {
  readonly description?: string
  readonly examples?: readonly unknown[]
  readonly enum?: readonly string[]
  readonly properties?: Readonly<Record<string, Field>>
  readonly $defs?: Readonly<Record<string, Field>>
  readonly $ref?: string
}

const schema: Field = JSON.parse(readFileSync('schema/manifest.schema.json', 'utf8'))
const blocks = [...readFileSync('docs/manifest.md', 'utf8').matchAll(/```yaml\n(.*?)```/gs)].map(
  ([, text = '']) => text,
)

test('the generated files are those that the schema makes', () => {
  const { status, stderr } = spawnSync('node', ['scripts/generate.mjs', '--check'], { encoding: 'utf8' })
  // TypeScript's server may say so when it is stopped.
  expect({ status, stderr: stderr.replace('context canceled\n', '') }).toEqual({ status: 0, stderr: '' })
})

test('every field has a description and examples that fit it', () => {
  const ajv = new Ajv2020({ allowUnionTypes: true })
  ajv.addSchema(schema, 'manifest')
  const fields = [...fieldsOf(schema, '')]
  expect(fields.length).toBeGreaterThan(50)
  for (const [pointer, field] of fields) {
    expect(field.description, pointer).toMatch(/\.$/)
    expect(field.examples?.length ?? 0, pointer).toBeGreaterThan(0)
    for (const example of field.examples ?? []) {
      expect(ajv.validate({ $ref: `manifest#${pointer}` }, example), `${pointer}: ${JSON.stringify(example)}`).toBe(
        true,
      )
    }
  }
})

test('the example of the reference page is a valid manifest, and every block in it is YAML', () => {
  expect(complaints(blocks[0] ?? '')).toEqual([])
  for (const block of blocks) expect(() => parse(block), block).not.toThrow()
})

test('the schema lists every program and attach type of the tables but those of struct_ops', () => {
  const { type, attachType } = schema.$defs?.['sourceProgram']?.properties ?? {}
  expect(type?.enum).toEqual(programTypes.map(({ name }) => name).filter((name) => name !== 'struct_ops'))
  expect(attachType?.enum).toEqual(attachTypes.filter((name) => name !== 'struct_ops'))
  const cgroup = schema.$defs?.['sourceAttach']?.properties?.['cgroup']?.properties?.['type']
  expect(cgroup?.enum).toEqual(attachTypes.filter((name) => name.startsWith('cgroup_') || name === 'lsm_cgroup'))
})

function* fieldsOf(field: Field, pointer: string): Iterable<readonly [string, Field]> {
  for (const group of ['properties', '$defs'] as const) {
    for (const [name, inner] of Object.entries(field[group] ?? {})) {
      yield [`${pointer}/${group}/${name}`, inner]
      yield* fieldsOf(inner, `${pointer}/${group}/${name}`)
    }
  }
}
