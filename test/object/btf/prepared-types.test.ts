import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { BtfTypes } from '../../../src/object/btf/btf-types.ts'
import { Cursor } from '../../../src/object/cursor.ts'
import { readObject } from '../../../src/object/read.ts'

const fixtures = join(import.meta.dirname, '../../fixtures')
const examples = join(import.meta.dirname, '../../../examples')
const objects = [fixtures, ...readdirSync(examples).map((name) => join(examples, name))].flatMap((directory) =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.bpf.o'))
    .map((name) => join(directory, name)),
)

test('types whose records were prepared for the kernel are those of its bytes', () => {
  let edited = 0
  for (const path of objects) {
    const { btf, byteOrder } = readObject(readFileSync(path), path)
    if (!btf) continue
    const fresh = new BtfTypes(new Cursor(btf.bytes, { byteOrder, object: path }))
    const all = (types: BtfTypes) => Array.from({ length: types.count }, (_, id) => types.get(id))
    expect(all(btf.types)).toEqual(all(fresh))
    edited++
  }
  expect(edited).toBeGreaterThan(20)
})
