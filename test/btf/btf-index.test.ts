import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { BtfIndex } from '../../src/btf/btf-index.ts'
import { essentialName, hashName, sameEssence } from '../../src/btf/flavour.ts'
import type { BtfType } from '../../src/object/btf/decode-type.ts'
import { KernelTypes } from '../../src/object/kernel-btf/kernel-types.ts'
import { hasKernelBtf } from '../support/kernel-enums.ts'

/** Kinds as bpftool calls them. */
const kinds: Readonly<Record<string, BtfType['kind']>> = {
  INT: 'int',
  STRUCT: 'struct',
  UNION: 'union',
  ENUM: 'enum',
  ENUM64: 'enum',
  FWD: 'forward',
  TYPEDEF: 'typedef',
  FUNC: 'function',
  VAR: 'variable',
  DATASEC: 'section',
  FLOAT: 'float',
  DECL_TAG: 'tag',
  TYPE_TAG: 'type-tag',
}

describe.skipIf(!hasKernelBtf)("the kernel's BTF", () => {
  const path = '/sys/kernel/btf/vmlinux'
  const types = new KernelTypes(new BtfIndex(readFileSync(path), { name: 'vmlinux' }))

  test('every type is found under its name, as bpftool shows it', () => {
    const args = ['btf', 'dump', 'file', path, 'format', 'raw']
    const text = execFileSync('bpftool', args, { encoding: 'latin1', maxBuffer: 256 * 1024 * 1024 })
    const lines = [...text.matchAll(/^\[(\d+)\] (\w+) '([^']+)'/gm)].filter(([, , , name]) => name !== '(anon)')
    const missing = lines.filter(([, id, kind = '', name = '']) => {
      const known = kinds[kind]
      return (
        !known || !types.find(known, name).includes(Number(id)) || !types.sameEssence(known, name).includes(Number(id))
      )
    })
    expect(missing.map(([line]) => line)).toEqual([])
    expect(lines.length).toBeGreaterThan(10_000)
  })

  test('types are decoded when they are asked for', () => {
    const [id = 0] = types.find('struct', 'task_struct')
    const type = types.get(id)
    expect(type).toMatchObject({ kind: 'struct', name: 'task_struct' })
    expect(types.sizeOf(id)).toBeGreaterThan(1000)
    expect(types.find('struct', 'task_struc')).toEqual([])
    expect(types.find('union', 'task_struct')).toEqual([])
    expect(types.pointerSize).toBe(8)
  })
})

test.each([
  ['sk_buff', 'sk_buff'],
  ['sk_buff___old', 'sk_buff'],
  ['a___b___c', 'a___b'],
  ['a____b', 'a____b'],
  ['___a', '___a'],
  ['a___', 'a___'],
])('the essence of %s is %s', (name, essence) => {
  expect(essentialName(name)).toBe(essence)
  expect(sameEssence(name, `${essence}___x`)).toBe(essence === essentialName(`${essence}___x`))
  const hash = (text: string): number => hashName(Buffer.from(`${text}\0`), 0)
  expect(hash(name)).toBe(hash(essence))
})

test.each([
  ['nothing', ''],
  ['a header only', '9feb01001800'],
  ['other bytes', '7f454c46'.repeat(10)],
])('%s is no BTF of a kernel', (_, hex) => {
  expect(() => new BtfIndex(Buffer.from(hex, 'hex'), { name: 'x' })).toThrow(expect.objectContaining({ code: 'O060' }))
})
