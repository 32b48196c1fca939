import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseAddress } from '../../../src/object/btf/addresses.ts'
import { decodeValue } from '../../../src/object/btf/decode-value.ts'
import { encodeValue } from '../../../src/object/btf/encode.ts'
import { readBits, writeBits } from '../../../src/object/btf/integers.ts'
import type { ValueType } from '../../../src/object/btf/value-type.ts'
import { fixture, mapOf } from '../fixtures.ts'

const fixtures = [fixture('maps'), fixture('big-endian-maps')]
const valueTypes: readonly ValueType[] = fixtures.map((object) => ({
  types: object.btf?.types,
  typeId: mapOf(object, 'a_hash').valueTypeId,
  size: 56,
  byteOrder: object.byteOrder,
}))

const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const struct = fc.record({
  packets: fc.oneof(u64, fc.nat()),
  balance: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  verdict: fc.constantFrom('VERDICT_PASS', 'VERDICT_DROP', 3),
  name: fc.string({ unit: fc.constantFrom(...'abcxyz019._é'), maxLength: 7 }).filter((text) => !text.startsWith('0x')),
  seen: fc.boolean(),
  low: fc.nat(15),
  high: fc.nat(4095),
  inside: fc.nat(0xffff),
  either: fc.record({ number: fc.nat() }),
  pointer: fc.constant(null),
})

test.each(valueTypes)('what is encoded decodes to itself ($byteOrder endian)', (type) => {
  fc.assert(
    fc.property(struct, (value) => {
      const encoded = encodeValue(value, type)
      const bytes = 'bytes' in encoded ? encoded.bytes : expect.fail(encoded.problems[0]?.detail)
      const over = encodeValue(value, { ...type, initial: new Uint8Array(56).fill(0xff) })
      expect('bytes' in over && decodeValue(over.bytes, type)).toEqual(decodeValue(bytes, type))
      const packets = BigInt(value.packets)
      const plain = packets <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(packets) : `${packets}`
      expect(decodeValue(bytes, type)).toEqual({ ...value, packets: plain })
    }),
    { numRuns: 500 },
  )
})

test.each(valueTypes)('any bytes decode to JSON that encodes to the same fields ($byteOrder endian)', (type) => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 56, maxLength: 56 }), (bytes) => {
      // Beyond 1 a bool is shown as a number, which nobody may write.
      bytes[32] = (bytes[32] ?? 0) & 1
      const decoded = decodeValue(bytes, type)
      const encoded = encodeValue(JSON.parse(JSON.stringify(decoded)), type)
      const again = 'bytes' in encoded ? encoded.bytes : expect.fail(encoded.problems[0]?.detail)
      expect(decodeValue(again, type)).toEqual(decoded)
    }),
    { numRuns: 500 },
  )
})

test('bits are read as they were written, and others stay', () => {
  const field = fc.record({ bitOffset: fc.nat(40), bits: fc.integer({ min: 1, max: 64 }) })
  fc.assert(
    fc.property(
      field,
      fc.constantFrom('little' as const, 'big' as const),
      u64,
      fc.boolean(),
      (place, byteOrder, value, ones) => {
        const bytes = new Uint8Array(16).fill(ones ? 0xff : 0)
        const whole = { bitOffset: 0, bits: 128, byteOrder }
        const before = readBits(bytes, whole)
        writeBits(bytes, { ...place, byteOrder }, value)
        expect(readBits(bytes, { ...place, byteOrder })).toBe(BigInt.asUintN(place.bits, value))
        writeBits(bytes, { ...place, byteOrder }, ones ? -1n : 0n)
        expect(readBits(bytes, whole)).toBe(before)
      },
    ),
  )
})

test('IPv6 text gives the bytes that it stands for, however it is abbreviated', () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const bytes = parseAddress(text)
      const full = Array.from({ length: 8 }, (_, i) =>
        (((bytes?.[2 * i] ?? 0) << 8) | (bytes?.[2 * i + 1] ?? 0)).toString(16),
      )
      expect(bytes).toHaveLength(16)
      expect(new URL(`http://[${full.join(':')}]`).host).toBe(new URL(`http://[${text}]`).host)
    }),
  )
})

test('without a type bytes are shown raw', () => {
  expect(decodeValue(Uint8Array.of(1, 0xab), { size: 2, byteOrder: 'little' })).toBe('0x01ab')
})
