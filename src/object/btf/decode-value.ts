import type { Value } from '../../model/value.ts'
import { toHex } from '../../util/hex.ts'
import type { BtfTypes } from './btf-types.ts'
import type { BtfType, Member } from './decode-type.ts'
import { plainInteger, readBits } from './integers.ts'
import { orderOfNumber } from './number-order.ts'
import type { ValueType } from './value-type.ts'

const deepest = 64
const mostNodes = 1_000_000

/**
 * Decodes bytes to what `encodeValue` takes and JSON can hold: enumerators by name, C strings as text, other bytes as `0x…`,
 * a union by the member that fills it, integers beyond 2^53 as decimal text. Without a type: `0x…`.
 */
export function decodeValue(bytes: Uint8Array, { types, typeId, size, byteOrder }: ValueType): Value {
  if (!types || typeId === undefined || types.sizeOf(typeId) !== size || bytes.length !== size) return hex(bytes)
  return decode(
    { types, byteOrder, budget: { left: mostNodes } },
    { bytes, typeId, bitOffset: 0, bitSize: 0, depth: 0 },
  )
}

interface Context {
  readonly types: BtfTypes
  readonly byteOrder: ValueType['byteOrder']
  readonly budget: { left: number }
}

interface Place {
  readonly bytes: Uint8Array
  readonly typeId: number
  readonly bitOffset: number
  readonly bitSize: number
  readonly depth: number
}

const hex = (bytes: Uint8Array): string => `0x${toHex(bytes)}`

function decode(context: Context, place: Place): Value {
  if (place.depth > deepest || --context.budget.left < 0) {
    context.types.fail('O040', 'a type is nested too deeply', place.typeId)
  }
  const { type } = context.types.resolve(place.typeId)
  switch (type.kind) {
    case 'int':
      return decodeInteger({ ...context, byteOrder: orderAt(context, place) }, place, type)
    case 'enum':
      return decodeEnumerator(context, place, type)
    case 'array':
      return decodeArray(context, place, type)
    case 'struct':
      return Object.fromEntries(type.members.flatMap((member) => decodeMember(context, place, member)))
    case 'union':
      return decodeUnion(context, place, type)
    case 'pointer':
      return raw(context, place).some((byte) => byte !== 0) ? hex(raw(context, place)) : null
    default:
      return hex(raw(context, place))
  }
}

const orderAt = ({ types, byteOrder }: Context, { typeId, bitSize }: Place): ValueType['byteOrder'] =>
  orderOfNumber(types, typeId, { byteOrder, bitSize })

function raw({ types }: Context, { bytes, typeId, bitOffset }: Place): Uint8Array {
  return bytes.subarray(bitOffset / 8, bitOffset / 8 + (types.sizeOf(typeId) ?? 0))
}

interface Ranged {
  readonly size: number
  readonly signed: boolean
  readonly bits?: number
}

function integerAt({ byteOrder }: Context, { bytes, bitOffset, bitSize }: Place, type: Ranged): bigint {
  const bits = bitSize || type.bits || type.size * 8
  const value = readBits(bytes, { bitOffset, bits, byteOrder })
  return type.signed ? BigInt.asIntN(bits, value) : value
}

function decodeInteger(context: Context, place: Place, type: Extract<BtfType, { readonly kind: 'int' }>): Value {
  const value = integerAt(context, place, type)
  return type.bool && value <= 1n ? value === 1n : plainInteger(value)
}

function decodeEnumerator(context: Context, place: Place, type: Extract<BtfType, { readonly kind: 'enum' }>): Value {
  const value = integerAt(context, place, type)
  return type.values.find((one) => one.value === value)?.name ?? plainInteger(value)
}

function decodeArray(context: Context, place: Place, type: Extract<BtfType, { readonly kind: 'array' }>): Value {
  const { type: element } = context.types.resolve(type.element)
  if (element.kind === 'int' && element.size === 1 && !element.bool) {
    const bytes = raw(context, place)
    return (element.name === 'char' ? textOf(bytes) : undefined) ?? hex(bytes)
  }
  const width = (context.types.sizeOf(type.element) ?? 0) * 8
  if (type.length > context.budget.left) return hex(raw(context, place))
  return Array.from({ length: type.length }, (_, index) =>
    decode(context, {
      ...place,
      typeId: type.element,
      bitOffset: place.bitOffset + index * width,
      depth: place.depth + 1,
    }),
  )
}

/** Text that ends within the bytes, with nothing behind its end, and that is not taken for raw bytes. */
function textOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0)
  if (end < 0 || bytes.subarray(end).some((byte) => byte !== 0)) return undefined
  const text = Buffer.from(bytes.subarray(0, end)).toString('utf8')
  const exact = Buffer.from(text, 'utf8').equals(bytes.subarray(0, end))
  return exact && !text.startsWith('0x') ? text : undefined
}

function decodeMember(context: Context, place: Place, member: Member): readonly (readonly [string, Value])[] {
  const value = decode(context, {
    bytes: place.bytes,
    typeId: member.type,
    bitOffset: place.bitOffset + member.bitOffset,
    bitSize: member.bitSize,
    depth: place.depth + 1,
  })
  if (member.name !== '') return [[member.name, value]]
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

function decodeUnion(context: Context, place: Place, type: Extract<BtfType, { readonly kind: 'union' }>): Value {
  const filling = type.members.find((member) => context.types.sizeOf(member.type) === type.size && member.bitSize === 0)
  return filling ? Object.fromEntries(decodeMember(context, place, filling)) : hex(raw(context, place))
}
