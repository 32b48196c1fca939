import type { ByteOrder } from '../cursor.ts'

/** Bits of an integer within bytes: bit 0 is the lowest of the first byte (big endian: the highest). */
export interface BitField {
  readonly bitOffset: number
  readonly bits: number
  readonly byteOrder: ByteOrder
}

/** Reads an unsigned integer. The field has to lie within the bytes. */
export function readBits(bytes: Uint8Array, { bitOffset, bits, byteOrder }: BitField): bigint {
  let value = 0n
  for (let i = 0; i < bits; i++) {
    const at = byteOrder === 'little' ? bitOffset + bits - 1 - i : bitOffset + i
    value = (value << 1n) | BigInt(((bytes[at >> 3] ?? 0) >> bitInByte(at, byteOrder)) & 1)
  }
  return value
}

/** Writes the low bits of an integer, signed or not. */
export function writeBits(bytes: Uint8Array, { bitOffset, bits, byteOrder }: BitField, value: bigint): void {
  let rest = BigInt.asUintN(bits, value)
  for (let i = 0; i < bits; i++) {
    const at = byteOrder === 'little' ? bitOffset + i : bitOffset + bits - 1 - i
    const mask = 1 << bitInByte(at, byteOrder)
    bytes[at >> 3] = ((bytes[at >> 3] ?? 0) & ~mask) | (rest & 1n ? mask : 0)
    rest >>= 1n
  }
}

const bitInByte = (at: number, byteOrder: ByteOrder): number => (byteOrder === 'little' ? at & 7 : 7 - (at & 7))

/** The lowest and the highest value of an integer type. */
export function rangeOf(bits: number, signed: boolean): readonly [lowest: bigint, highest: bigint] {
  const half = 1n << BigInt(bits - 1)
  return signed ? [-half, half - 1n] : [0n, half * 2n - 1n]
}

/** A number where it is exact, decimal text otherwise: safe in JSON, and `encodeValue` takes both. */
export const plainInteger = (value: bigint): number | string =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : `${value}`
