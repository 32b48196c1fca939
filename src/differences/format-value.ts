import { type LayoutMember, type LayoutType, parseLayout } from '../layout/parse-layout.ts'
import type { MapState } from '../model/state.ts'
import { readBits } from '../object/btf/integers.ts'
import type { ByteOrder } from '../object/cursor.ts'
import { toHex } from '../util/hex.ts'
import { enumeratorOf, inside, type NamedType, orderIn } from './named-type.ts'

/** Bytes and what they mean, as far as that is known. */
export interface TypedBytes {
  readonly bytes: Uint8Array
  readonly type?: LayoutType | undefined
  /** The same type, with the names of numbers. */
  readonly named?: NamedType | undefined
}

/** A value as its layout tells it: `{packets: 12, name: "eth0"}`; `0x...` where that says nothing of these bytes. */
export function formatValue({ bytes, type, named }: TypedBytes, byteOrder: ByteOrder): string {
  if (!type || type.size !== bytes.length || bytes.length > mostBytes) return raw(bytes)
  return format(type, { bytes, byteOrder, bitOffset: 0, bitSize: 0, named })
}

/** The key of an entry: a network in a trie of prefixes, else by its layout. */
export function formatKey(
  { bytes, named }: TypedBytes,
  { shape, layout }: Pick<MapState, 'shape' | 'layout'>,
  byteOrder: ByteOrder,
): string {
  const network = shape.type === 'lpm_trie' ? formatNetwork(bytes, byteOrder) : undefined
  const type = layout.key === undefined ? undefined : parseLayout(layout.key)
  return network ?? formatValue({ bytes, type, named }, byteOrder)
}

/** Both sides of a value; of long ones, and of those that differ in padding only, what stands where they begin to differ. */
export function formatPair(
  before: TypedBytes | undefined,
  after: TypedBytes | undefined,
  byteOrder: ByteOrder,
): { readonly before?: string; readonly after?: string } {
  const texts = [before, after].map((side) => side && formatValue(side, byteOrder))
  const isLong = texts.some((text) => text !== undefined && text.length > mostCharacters)
  const isAlike = texts[0] === texts[1] && before?.type?.text === after?.type?.text
  const at = before && after ? firstDifference(before.bytes, after.bytes) : 0
  const [old, wanted] = isLong || isAlike ? [before, after].map((side) => side && excerpt(side.bytes, at)) : texts
  return { ...(old !== undefined && { before: old }), ...(wanted !== undefined && { after: wanted }) }
}

const mostCharacters = 200
/** More are too long for a line in any case. */
const mostBytes = 1024
const bytesInExcerpt = 32

function excerpt(bytes: Uint8Array, at: number): string {
  const from = at === 0 ? '' : `from byte ${at}: `
  const rest = bytes.subarray(at, at + bytesInExcerpt)
  return `${bytes.length} bytes, ${from}${raw(rest)}${at + bytesInExcerpt < bytes.length ? '...' : ''}`
}

function firstDifference(one: Uint8Array, other: Uint8Array): number {
  const found = one.findIndex((byte, index) => byte !== other[index])
  return found < 0 ? Math.min(one.length, other.length) : found
}

const raw = (bytes: Uint8Array): string => `0x${toHex(bytes)}`

interface Place {
  readonly bytes: Uint8Array
  readonly byteOrder: ByteOrder
  readonly bitOffset: number
  /** Width of a bit field, 0 for an ordinary member. */
  readonly bitSize: number
  readonly named: NamedType | undefined
}

function format(type: LayoutType, place: Place): string {
  switch (type.kind) {
    case 'integer':
      return formatInteger(type, place)
    case 'enum': {
      const value = integerAt(type, type.signed, place)
      return enumeratorOf(place.named, value) ?? `${value}`
    }
    case 'bool': {
      const value = integerAt(type, false, place)
      return value > 1n ? `${value}` : `${value === 1n}`
    }
    case 'float':
      return formatFloat(type, place)
    case 'pointer':
      return `0x${integerAt(type, false, place).toString(16)}`
    case 'array':
      return formatArray(type, place)
    case 'struct':
      return `{${type.members.map((member, index) => formatMember(member, index, place)).join(', ')}}`
    case 'union':
      return formatUnion(type, place)
  }
}

/** Four bytes in network order are an address, which a manifest may say, too. */
function formatInteger(type: Extract<LayoutType, { readonly kind: 'integer' }>, place: Place): string {
  const order = place.bitSize === 0 ? orderIn(place.named) : undefined
  if (order === 'big' && type.size === 4) return bytesAt(type, place).join('.')
  return `${integerAt(type, type.signed, { ...place, byteOrder: order ?? place.byteOrder })}`
}

function integerAt(type: LayoutType, signed: boolean, { bytes, byteOrder, bitOffset, bitSize }: Place): bigint {
  const bits = bitSize || type.size * 8
  const value = readBits(bytes, { bitOffset, bits, byteOrder })
  return signed ? BigInt.asIntN(bits, value) : value
}

const bytesAt = (type: LayoutType, { bytes, bitOffset }: Place): Uint8Array =>
  bytes.subarray(bitOffset >> 3, (bitOffset >> 3) + type.size)

function formatFloat(type: LayoutType, place: Place): string {
  const bytes = bytesAt(type, place)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const little = place.byteOrder === 'little'
  if (type.size === 8) return `${view.getFloat64(0, little)}`
  return type.size === 4 ? `${view.getFloat32(0, little)}` : raw(bytes)
}

/** `char` is signed where BPF is compiled for: text. Unsigned bytes are bytes. */
function formatArray(type: Extract<LayoutType, { readonly kind: 'array' }>, place: Place): string {
  const { element, length } = type
  const isBytes = element.kind === 'integer' && element.size === 1
  if (isBytes) return (element.signed ? textOf(bytesAt(type, place)) : undefined) ?? raw(bytesAt(type, place))
  if (length > mostElements || element.size === 0) return raw(bytesAt(type, place))
  const named = inside(place.named, 0)
  const elements = Array.from({ length }, (_, index) =>
    format(element, { ...place, bitOffset: place.bitOffset + index * element.size * 8, named }),
  )
  return `[${elements.join(', ')}]`
}

/** More are too long for a line in any case. */
const mostElements = mostCharacters

/** Text that ends within the bytes, with nothing behind its end. */
function textOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0)
  if (end < 0 || bytes.subarray(end).some((byte) => byte !== 0)) return undefined
  const text = Buffer.from(bytes.subarray(0, end)).toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes.subarray(0, end)) ? JSON.stringify(text) : undefined
}

function formatMember({ name, type, bitOffset, bitSize }: LayoutMember, index: number, place: Place): string {
  const named = inside(place.named, index)
  const value = format(type, { ...place, bitOffset: place.bitOffset + bitOffset, bitSize, named })
  return name === '' ? value : `${name}: ${value}`
}

type Composite = Extract<LayoutType, { readonly kind: 'struct' | 'union' }>

function formatUnion(type: Composite, place: Place): string {
  const index = type.members.findIndex((member) => member.type.size === type.size && member.bitSize === 0)
  const filling = type.members[index]
  return filling ? `{${formatMember(filling, index, place)}}` : raw(bytesAt(type, place))
}

const lengthBytes = 4

/** `10.0.0.0/8` or `2001:db8::/32`, as a manifest has it. */
function formatNetwork(bytes: Uint8Array, byteOrder: ByteOrder): string | undefined {
  const address = bytes.subarray(lengthBytes)
  const isKnown = address.length === 4 || address.length === 16
  if (!isKnown) return undefined
  const prefix = readBits(bytes, { bitOffset: 0, bits: lengthBytes * 8, byteOrder })
  if (address.length === 4) return `${address.join('.')}/${prefix}`
  const groups = toHex(address).match(/.{4}/g) ?? []
  // URLs have the shortest form of an address.
  return `${new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)}/${prefix}`
}
