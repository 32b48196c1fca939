import { expect, test } from 'vitest'
import { BtfTypes } from '../../../src/object/btf/btf-types.ts'
import { decodeValue } from '../../../src/object/btf/decode-value.ts'
import { describeLayout } from '../../../src/object/btf/layout.ts'
import { Cursor } from '../../../src/object/cursor.ts'

type Words = readonly number[]

/** BTF of types that are given as 32-bit words. */
function btfOf(types: readonly Words[]): BtfTypes {
  const words = types.flat()
  const header = [0x0001eb9f, 24, 0, words.length * 4, words.length * 4, 1]
  const bytes = new Uint8Array((header.length + words.length) * 4 + 1)
  const view = new DataView(bytes.buffer)
  for (const [index, word] of [...header, ...words].entries()) view.setUint32(index * 4, word, true)
  return new BtfTypes(new Cursor(bytes, { byteOrder: 'little', object: 'hostile.o', section: '.BTF' }))
}

const typedef = (to: number): Words => [0, 8 << 24, to]
const array = (of: number, length: number): Words => [0, 3 << 24, 0, of, of, length]
const union = (bytes: number, ...members: number[]): Words => [
  0,
  (5 << 24) | members.length,
  bytes,
  ...members.flatMap((member) => [0, member, 0]),
]
const integer = (bytes: number, bits: number): Words => [0, 1 << 24, bytes, bits]

test.each([
  ['a typedef of itself', [typedef(1)]],
  ['typedefs in a ring', [typedef(2), typedef(1)]],
  ['an array of itself', [array(1, 2)]],
  ['a reference to a type that does not exist', [typedef(9)]],
  ['an integer of three bytes', [integer(3, 24)]],
  ['an integer of more bits than bytes', [integer(1, 16)]],
  ['a member that lies outside its union', [integer(8, 64), union(4, 1)]],
  ['an unknown kind', [[0, 30 << 24, 0]]],
])('%s is refused', (_, types) => {
  expect(() => btfOf(types)).toThrowError(expect.objectContaining({ code: 'O010' }))
})

test('types that double at every level end in an error, not in endless work', () => {
  const doubling = btfOf([integer(4, 32), ...Array.from({ length: 60 }, (_, i) => union(4, i + 1, i + 1))])
  const type = { types: doubling, typeId: 61, size: 4, byteOrder: 'little' } as const
  expect(() => describeLayout(doubling, 61)).toThrowError(expect.objectContaining({ code: 'O040' }))
  expect(decodeValue(new Uint8Array(4), type)).toBeDefined()
})

test('a union that contains itself ends in an error', () => {
  const types = btfOf([union(4, 1)])
  expect(() => describeLayout(types, 1)).toThrowError(expect.objectContaining({ code: 'O040' }))
  expect(() => decodeValue(new Uint8Array(4), { types, typeId: 1, size: 4, byteOrder: 'little' })).toThrowError(
    expect.objectContaining({ code: 'O040' }),
  )
})

test('an array of billions of nothing is shown raw', () => {
  const types = btfOf([union(0), array(1, 0xffffffff)])
  expect(decodeValue(new Uint8Array(), { types, typeId: 2, size: 0, byteOrder: 'little' })).toBe('0x')
})
