import { describe, expect, test } from 'vitest'
import { formatValue } from '../../../src/differences/format-value.ts'
import { parseLayout } from '../../../src/layout/parse-layout.ts'
import type { Value } from '../../../src/model/value.ts'
import { BtfTypes } from '../../../src/object/btf/btf-types.ts'
import { decodeValue } from '../../../src/object/btf/decode-value.ts'
import { encodeValue } from '../../../src/object/btf/encode.ts'
import { describeLayout } from '../../../src/object/btf/layout.ts'
import type { ValueType } from '../../../src/object/btf/value-type.ts'
import { Cursor } from '../../../src/object/cursor.ts'
import { fromHex, type Hex, toHex } from '../../../src/util/hex.ts'
import { BtfBuilder } from '../../support/btf-builder.ts'
import { fixture, mapOf } from '../fixtures.ts'

const maps = fixture('maps')
const bigMaps = fixture('big-endian-maps')
const data = fixture('data')

/** The value type of a map in the maps fixture. */
function mapValue(map: string, object = maps): ValueType {
  const { valueTypeId, shape } = mapOf(object, map)
  return { types: object.btf?.types, typeId: valueTypeId, size: shape.valueSize, byteOrder: object.byteOrder }
}

/** The type of a variable in the data fixture. */
function variable(name: string): ValueType {
  for (const { contents } of data.maps) {
    const found = contents.kind === 'data' ? contents.variables.find((one) => one.name === name) : undefined
    if (found) return { types: data.btf?.types, typeId: found.typeId, size: found.size, byteOrder: 'little' }
  }
  throw new Error(`no variable ${name}`)
}

/** The type of a member of struct value, by a map with that member's type, or a struct's own. */
function named(kind: 'struct' | 'int', name: string): ValueType {
  const types = maps.btf?.types
  const typeId = types?.find(kind, name)
  return { types, typeId, size: (typeId && types?.sizeOf(typeId)) || 0, byteOrder: 'little' }
}

function hexOf(value: Value, type: ValueType): string {
  const encoded = encodeValue(value, type)
  return 'bytes' in encoded
    ? toHex(encoded.bytes)
    : encoded.problems.map(({ path, detail }) => `${path}: ${detail}`).join('; ')
}

function problemOf(value: Value, type: ValueType) {
  const encoded = encodeValue(value, type)
  return 'problems' in encoded ? encoded.problems[0] : undefined
}

describe('numbers', () => {
  const u32 = variable('sample_rate')
  const u64 = variable('counter')

  test.each<[Value, string]>([
    [1, '01000000'],
    [0xffffffff, 'ffffffff'],
    ['0x10', '10000000'],
    ['258', '02010000'],
    [7n, '07000000'],
    ['10.1.2.3', '0a010203'],
    [null, '00000000'],
  ])('%s as an unsigned 32-bit integer', (value, hex) => {
    expect(hexOf(value, u32)).toBe(hex)
  })

  test('64 bits hold what a JavaScript number does not', () => {
    expect(hexOf(18446744073709551615n, u64)).toBe('ffffffffffffffff')
    expect(hexOf('18446744073709551615', u64)).toBe('ffffffffffffffff')
  })

  test.each<[Value]>([[-1], [2 ** 32], [1.5], [true], ['seven'], [[1]], ['10.1.2'], [Number.NaN]])(
    '%s does not fit an unsigned 32-bit integer',
    (value) => {
      expect(problemOf(value, u32)).toMatchObject({ path: '' })
    },
  )

  test('a signed integer takes what its width holds', () => {
    const s8 = variable('inner_only')
    expect(hexOf(-128, s8)).toBe('80')
    expect(hexOf(127, s8)).toBe('7f')
    expect(problemOf(128, s8)).toMatchObject({ hint: 'from -128 to 127' })
  })

  test('an IPv4 address keeps its network order on either byte order', () => {
    expect(hexOf('10.1.2.3', { ...u32, byteOrder: 'big' })).toBe('0a010203')
    expect(hexOf(1, { ...u32, byteOrder: 'big' })).toBe('00000001')
  })
})

describe('truth values and enumerators', () => {
  test('a bool takes true, false, 0 and 1', () => {
    const bool = variable('verbose')
    expect([true, false, 1, 0].map((value) => hexOf(value, bool))).toEqual(['01', '00', '01', '00'])
    expect(problemOf(2, bool)).toBeDefined()
    expect(problemOf('yes', bool)).toBeDefined()
  })

  test('an enum takes names and numbers, 64 bits wide as well', () => {
    expect(hexOf('LEVEL_QUIET', variable('level'))).toBe('ffffffff')
    expect(hexOf(5, variable('level'))).toBe('05000000')
    expect(hexOf('MASK_ALL', variable('mask'))).toBe('ffffffffffffffff')
  })

  test('an unknown enumerator gets the nearest one suggested', () => {
    expect(problemOf('LEVEL_LOWD', variable('level'))).toMatchObject({ hint: 'did you mean LEVEL_LOUD?' })
  })
})

describe('text and bytes', () => {
  test('a char array takes text that leaves room for its end', () => {
    const greeting = variable('greeting')
    expect(hexOf('hi', greeting)).toBe('6869000000000000')
    expect(hexOf('seven77', greeting)).toBe('736576656e373700')
    expect(problemOf('eight888', greeting)).toMatchObject({ hint: expect.stringContaining('7 bytes fit') })
    expect(hexOf('0x0102030405060708', greeting)).toBe('0102030405060708')
  })

  test('bytes take addresses of their size', () => {
    const lpm = named('struct', 'lpm4')
    expect(hexOf({ prefix_length: 8, address: '10.0.0.0' }, lpm)).toBe('080000000a000000')
    expect(hexOf({ prefix_length: 8, address: [10, 0, 0, 1] }, lpm)).toBe('080000000a000001')
    expect(hexOf({ address: '0x0a0b0c0d' }, lpm)).toBe('000000000a0b0c0d')
    expect(problemOf({ address: '2001:db8::1' }, lpm)).toMatchObject({ path: 'address' })
    expect(problemOf({ address: '1.2' }, lpm)).toMatchObject({ path: 'address' })
  })

  test('raw bytes have to be of the exact size', () => {
    expect(hexOf('0x0a0000000a000001', named('struct', 'lpm4'))).toBe('0a0000000a000001')
    expect(problemOf('0x0a', named('struct', 'lpm4'))).toBeDefined()
  })

  test('without a type there are raw bytes, addresses and integers', () => {
    const six: ValueType = { size: 6, byteOrder: 'little' }
    expect(hexOf('02:00:00:00:00:01', six)).toBe('020000000001')
    expect(hexOf('2001:db8::1', { size: 16, byteOrder: 'little' })).toBe('20010db8000000000000000000000001')
    expect(hexOf(258, { size: 4, byteOrder: 'big' })).toBe('00000102')
    expect(problemOf(1, { size: 16, byteOrder: 'little' })).toBeDefined()
  })
})

describe('structs', () => {
  const type = mapValue('a_hash')

  test('fields are set by name, the rest is zero', () => {
    const hex = hexOf({ balance: -1, seen: true, verdict: 'VERDICT_DROP' }, type)
    expect(hex.slice(16, 32)).toBe('ffffffff07000000')
    expect(hex.slice(64, 66)).toBe('01')
  })

  test('bit fields, anonymous members and unions are reached by name', () => {
    const hex = hexOf({ low: 0xf, high: 0x123, inside: 0x0201, either: { number: 1 } }, type)
    expect(hex.slice(66, 70)).toBe('3f12')
    expect(hex.slice(72, 76)).toBe('0102')
    expect(hex.slice(80, 88)).toBe('01000000')
  })

  test('big-endian bit fields fill from the other end', () => {
    const hex = hexOf({ low: 0xf, high: 0x123, balance: 1 }, mapValue('a_hash', bigMaps))
    expect(hex.slice(66, 70)).toBe('f123')
    expect(hex.slice(16, 24)).toBe('00000001')
  })

  test('a bit field has the range of its width', () => {
    expect(problemOf({ low: 16 }, type)).toMatchObject({ path: 'low', hint: 'from 0 to 15' })
  })

  test('an unknown field gets the nearest one suggested', () => {
    expect(problemOf({ packet: 1 }, type)).toMatchObject({ hint: 'did you mean "packets"?' })
  })

  test('a union takes one field, a pointer nothing but null and raw bytes', () => {
    expect(problemOf({ either: { number: 1, bytes: '1.2.3.4' } }, type)).toMatchObject({ path: 'either' })
    expect(problemOf({ pointer: 4096 }, type)).toMatchObject({ path: 'pointer' })
    expect(hexOf({ pointer: null }, type)).toBe('00'.repeat(56))
  })

  test('all that does not fit is told, up to ten places', () => {
    const wrong = { low: 16, packet: 1, either: { bytes: [1, 300, 3, 256] } }
    expect(hexOf(wrong, type)).toMatch(
      /^low: .+; : there is no field "packet"; either.bytes\[1\]: .+; either.bytes\[3\]: .+$/,
    )
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`field_${i}`, 1]))
    expect(encodeValue(many, type)).toMatchObject({ problems: { length: 10 } })
  })

  test('a problem deep inside says where it is', () => {
    expect(problemOf({ either: { bytes: [1, 2, 3, 256] } }, type)).toMatchObject({ path: 'either.bytes[3]' })
    expect(problemOf({ either: { bytes: [1, 2] } }, type)).toMatchObject({
      path: 'either.bytes',
      hint: 'write 4; null stands for one that is zero',
    })
    expect(hexOf({ either: { bytes: [1, 2, null, null] } }, type)).toBe(
      hexOf({ either: { bytes: [1, 2, 0, 0] } }, type),
    )
  })

  test('names of JavaScript are no fields', () => {
    expect(problemOf({ constructor: 1 } as unknown as Value, type)).toBeDefined()
  })
})

test('bytes that YAML took for a number are asked for in quotes', () => {
  expect(problemOf(0x0102, mapValue('a_hash'))?.hint).toContain('in quotes')
  expect(problemOf(0x0102, { size: 16, byteOrder: 'little' })?.hint).toContain('in quotes')
})

describe('numbers whose type tells their byte order', () => {
  const btf = new BtfBuilder()
  const u16 = btf.int('unsigned short', 2)
  const u32 = btf.int('unsigned int', 4)
  const port = btf.typedef('port_t', btf.typedef('__be16', btf.typedef('__u16', u16)))
  const members = [
    { name: 'port', type: port, bit: 0 },
    { name: 'plain', type: btf.typedef('__u16', u16), bit: 16 },
    { name: 'address', type: btf.typedef('__be32', u32), bit: 32 },
    { name: 'id', type: btf.typedef('__le32', u32), bit: 64 },
  ]
  const typeId = btf.struct('key', 12, members)
  const bits = btf.struct('bits', 4, [{ name: 'low', type: btf.typedef('__be32', u32), bit: 0, bits: 4 }])
  const types = new BtfTypes(new Cursor(btf.bytes(), { byteOrder: 'little', object: 'test' }))
  const key: ValueType = { types, typeId, size: 12, byteOrder: 'little' }

  test('are written and read as the number that is meant; an address is one in any case', () => {
    const value = { port: 80, plain: 80, address: 1, id: 1 }
    expect(hexOf(value, key)).toBe('005050000000000101000000')
    expect(hexOf({ port: '0x50', address: '10.0.0.1' }, key)).toBe('005000000a00000100000000')
    expect(decodeValue(fromHex('005050000000000101000000' as Hex), key)).toEqual(value)
    expect(hexOf(80, { types, typeId: port, size: 2, byteOrder: 'little' })).toBe('0050')
  })

  test('are told so where entries differ, an address as one', () => {
    const type = parseLayout(describeLayout(types, typeId))
    const bytes = fromHex('005050000000000101000000' as Hex)
    expect(formatValue({ bytes, type, named: { types, id: typeId } }, 'little')).toBe(
      '{port: 80, plain: 80, address: 0.0.0.1, id: 1}',
    )
  })

  test('lie as ever in a bit field', () => {
    expect(hexOf({ low: 5 }, { types, typeId: bits, size: 4, byteOrder: 'little' })).toBe('05000000')
  })
})
