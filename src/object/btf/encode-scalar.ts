import type { Value } from '../../model/value.ts'
import { nearest } from '../../util/nearest.ts'
import { parseAddress } from './addresses.ts'
import type { BtfType } from './decode-type.ts'
import { rangeOf, writeBits } from './integers.ts'
import { refuse, type Slot, showValue } from './slot.ts'

type IntType = Extract<BtfType, { readonly kind: 'int' }>
type EnumType = Extract<BtfType, { readonly kind: 'enum' }>

/** Encodes a number, a truth value, or an IPv4 address (in network byte order) as an integer. */
export function encodeInteger(type: IntType, slot: Slot, value: Value): void {
  if (typeof value === 'boolean' && type.bool) return write(slot, type, value ? 1n : 0n)
  const address = typeof value === 'string' && type.size === 4 && !type.signed ? parseAddress(value) : undefined
  if (address?.length === 4 && slot.bitSize === 0) return slot.out.set(address, slot.bitOffset / 8)
  const number = toInteger(value)
  if (number === undefined)
    return refuse(slot, `${showValue(value)} is not ${type.bool ? 'true or false' : 'an integer'}`, scalarHint(type))
  write(slot, type, number)
}

const scalarHint = (type: IntType): string | undefined =>
  type.bool ? 'write true or false, without quotes' : undefined

/** Encodes an enumerator's name, or a number. */
export function encodeEnumerator(type: EnumType, slot: Slot, value: Value): void {
  const named = type.values.find(({ name }) => name === value)
  const number = named?.value ?? toInteger(value)
  if (number !== undefined) return write(slot, { ...type, bits: type.size * 8, bool: false }, number)
  const known = type.values.map(({ name }) => name)
  const close = typeof value === 'string' ? nearest(value, known) : undefined
  const hint = close === undefined ? `one of ${known.join(', ')}` : `did you mean ${close}?`
  return refuse(slot, `${showValue(value)} is not a value of ${type.name ? `enum ${type.name}` : 'the enum'}`, hint)
}

/** Encodes text as a C string in a char array, or an address in an array of bytes. */
export function encodeText(
  element: BtfType,
  slot: Slot,
  { size, text }: { readonly size: number; readonly text: string },
): void {
  const at = slot.bitOffset / 8
  if (element.kind !== 'int' || element.size !== 1) return refuse(slot, `"${text}" is not a list`)
  if (element.name === 'char') {
    const bytes = Buffer.from(text, 'utf8')
    if (bytes.length >= size)
      return refuse(slot, `"${text}" needs ${bytes.length + 1} bytes with its end, and there are ${size}`, fits(size))
    if (bytes.includes(0)) return refuse(slot, 'the text contains a zero byte')
    return slot.out.set(bytes, at)
  }
  const address = parseAddress(text)
  if (address?.length === size) return slot.out.set(address, at)
  const what = address ? `an address of ${address.length} bytes` : 'no network address'
  return refuse(
    slot,
    `"${text}" is ${what}, where ${size} bytes are needed`,
    'write an address, a list of numbers, or "0x…" in quotes',
  )
}

const fits = (size: number): string => `shorten it: ${size - 1} bytes fit, or write its bytes as "0x…", in quotes`

interface Ranged {
  readonly size: number
  readonly bits: number
  readonly signed: boolean
  readonly bool: boolean
}

function write(slot: Slot, type: Ranged, value: bigint): void {
  const bits = slot.bitSize || type.bits || type.size * 8
  const [lowest, highest] = type.bool ? [0n, 1n] : rangeOf(bits, type.signed)
  if (value < lowest || value > highest) {
    return refuse(slot, `${value} does not fit in ${bits} bits`, `from ${lowest} to ${highest}`)
  }
  writeBits(slot.out, { bitOffset: slot.bitOffset, bits, byteOrder: slot.byteOrder }, value)
}

function toInteger(value: Value): bigint | undefined {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (typeof value !== 'string' || !/^(-?[0-9]+|0x[0-9a-f]+)$/i.test(value)) return undefined
  return BigInt(value)
}
