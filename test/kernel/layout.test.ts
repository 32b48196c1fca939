import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encode, numberAt, objectName, struct, textAt, viewOf } from '../../src/kernel/layout.ts'

describe('struct', () => {
  test('aligns members and the whole as C does', () => {
    const layout = struct({ a: 'u32', b: 'u64', c: 'char[3]', d: 'i32', e: 'pointer' })
    expect(layout).toMatchObject({ at: { a: 0, b: 8, c: 16, d: 20, e: 24 }, size: 32 })
    expect(struct({ a: 'u64', b: 'u32' }).size).toBe(16)
    expect(struct({ a: 'u8[16]', b: 'u32' })).toMatchObject({ at: { b: 16 }, size: 20 })
    expect(struct({ a: 'u32', b: 'u32', c: 'u32' }).size).toBe(12)
  })
})

describe('encode', () => {
  const layout = struct({
    count: { count: 'items', unit: 8 },
    sized: { count: 'rows', unit: 'width' },
    width: 'u32',
    items: 'pointer',
    rows: 'pointer',
  })

  test('derives counts from the buffers', () => {
    const { view } = encode(layout, { items: new Uint8Array(24), rows: new Uint8Array(36), width: 12 })
    expect([view.getUint32(0, true), view.getUint32(4, true)]).toEqual([3, 3])
  })

  test('counts nothing where there is no buffer', () => {
    const { view, pointers } = encode(layout, {})
    expect([view.getUint32(0), view.getUint32(4)]).toEqual([0, 0])
    expect(pointers).toEqual([])
  })

  test('cuts text that is too long for its array', () => {
    const { bytes } = encode(struct({ name: 'char[4]', after: 'u32' }), { name: 'abcdefgh' })
    expect(Buffer.from(bytes).toString('latin1')).toBe('abcd\0\0\0\0')
  })
})

test('numbers up to 2^53 survive a u64', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (number) => {
      expect(numberAt(encode(struct({ value: 'u64' }), { value: number }).view, 0)).toBe(number)
    }),
  )
})

test('text ends at its NUL or at the end of its array', () => {
  const bytes = Buffer.from('xabc\0def')
  expect(textAt(bytes, 1, 4)).toBe('abc')
  expect(textAt(bytes, 1, 2)).toBe('ab')
  expect(viewOf(bytes.subarray(1, 3)).byteLength).toBe(2)
})

test.each([
  ['flows', 'flows'],
  ['a-b c/d', 'a_b_c_d'],
  ['.rodata', '.rodata'],
  ['a_very_long_name_indeed', 'a_very_long_nam'],
])('the kernel is given %s as %s', (name, given) => {
  expect(objectName(name)).toBe(given)
})
