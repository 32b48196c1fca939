import type { Value } from '../../model/value.ts'
import { fromHex } from '../../util/hex.ts'
import { nearest } from '../../util/nearest.ts'
import { parseAddress } from './addresses.ts'
import type { BtfTypes } from './btf-types.ts'
import type { BtfType } from './decode-type.ts'
import { encodeEnumerator, encodeInteger, encodeText } from './encode-scalar.ts'
import { writeBits } from './integers.ts'
import { type CompositeType, type FoundMember, findMember, memberNames } from './members.ts'
import { orderOfNumber } from './number-order.ts'
import { catchMisfit, type Encoded, encodeEach, refuse, type Slot, showValue } from './slot.ts'
import type { ValueType } from './value-type.ts'

/** What a value is encoded to. */
export interface EncodeTarget extends ValueType {
  /** What is there: fields of structs that the value does not mention stay; default: zeros. */
  readonly initial?: Uint8Array
}

/**
 * Encodes a value as its BTF type lies in memory: integers within their range, enumerators by name, arrays as lists, structs
 * and unions by field (what is missing is as `initial` has it), `__be16` and its like by the number that they mean, text for
 * char arrays, network addresses for bytes and unsigned 4-byte integers, `0x…` for raw bytes of the exact size. Says where and
 * why a value does not fit, for each part that does not; never throws for a value.
 */
export function encodeValue(value: Value, { types, typeId, size, byteOrder, initial }: EncodeTarget): Encoded {
  return catchMisfit(() => {
    const out = initial?.slice() ?? new Uint8Array(size)
    const slot: Slot = { out, bitOffset: 0, bitSize: 0, byteOrder, path: '', depth: 0 }
    if (types && typeId !== undefined && types.sizeOf(typeId) === size) encode({ types, typeId }, slot, value)
    else encodeUntyped(slot, size, value)
    return out
  })
}

interface Typed {
  readonly types: BtfTypes
  readonly typeId: number
}

/** Nothing but the size is known: raw bytes, an address of that size, or an integer. */
function encodeUntyped(slot: Slot, size: number, value: Value): void {
  if (typeof value === 'string') {
    const bytes = rawBytes(value) ?? parseAddress(value)
    if (bytes?.length === size) return slot.out.set(bytes)
  }
  const type = {
    kind: 'int',
    name: `${size} bytes`,
    size,
    signed: false,
    bool: false,
    bits: size * 8,
    bitOffset: 0,
  } as const
  if (size > 0 && size <= 8) return encodeInteger(type, slot, value)
  const what = `${showValue(value)} cannot be encoded: the object does not say the type of these ${size} bytes`
  refuse(slot, what, quoted(size))
}

/** Without quotes YAML makes a number of it. */
const quoted = (size: number): string => `write "0x…" with ${size * 2} hexadecimal digits, in quotes`
const orBytes = '; or its bytes as "0x…", in quotes'

/** Deeper than C programs nest; a damaged object may nest a type in itself. */
const deepest = 64

function encode(typed: Typed, slot: Slot, value: Value): void {
  const { types } = typed
  const { type } = types.resolve(typed.typeId)
  const size = types.sizeOf(typed.typeId) ?? 0
  if (slot.depth > deepest) return
  if (type.kind !== 'struct' || value === null) clear(slot, size)
  if (value === null) return
  if (type.kind === 'int') {
    return encodeInteger(type, { ...slot, byteOrder: orderOfNumber(types, typed.typeId, slot) }, value)
  }
  if (type.kind === 'enum') return encodeEnumerator(type, slot, value)
  if (typeof value === 'string') {
    const raw = rawBytes(value)
    if (raw) return encodeRaw(slot, raw, { size, value })
  }
  if (type.kind === 'array') return encodeArray(typed, slot, { type, size, value })
  if (type.kind === 'struct' || type.kind === 'union') return encodeComposite(typed, slot, { type, value })
  refuse(slot, `${showValue(value)} cannot be a ${type.kind}`, quoted(size))
}

/** Only of structs does anything stay that the value does not say. */
function clear({ out, bitOffset, bitSize, byteOrder }: Slot, size: number): void {
  if (bitSize > 0) writeBits(out, { bitOffset, bits: bitSize, byteOrder }, 0n)
  else out.fill(0, bitOffset / 8, bitOffset / 8 + size)
}

/** `0x` and an even number of digits. */
const rawBytes = (text: string): Uint8Array | undefined =>
  /^0x([0-9a-f]{2})*$/i.test(text) ? fromHex(text.slice(2)) : undefined

function encodeRaw(
  slot: Slot,
  raw: Uint8Array,
  { size, value }: { readonly size: number; readonly value: Value },
): void {
  if (raw.length !== size) refuse(slot, `${showValue(value)} has ${raw.length} bytes where ${size} are needed`)
  slot.out.set(raw, slot.bitOffset / 8)
}

type ArrayType = Extract<BtfType, { readonly kind: 'array' }>

function encodeArray(
  { types }: Typed,
  slot: Slot,
  { type, size, value }: { readonly type: ArrayType; readonly size: number; readonly value: Value },
): void {
  const { type: element } = types.resolve(type.element)
  if (typeof value === 'string') return encodeText(element, slot, { size, text: value })
  if (!Array.isArray(value)) {
    const hint = `write a list of ${type.length}${typeof value === 'object' ? '' : orBytes}`
    refuse(slot, `${showValue(value)} is not a list of ${type.length}`, hint)
  }
  if (value.length !== type.length) {
    const detail = `the list has ${value.length} elements where ${type.length} are needed`
    refuse(slot, detail, `write ${type.length}; null stands for one that is zero`)
  }
  const width = (types.sizeOf(type.element) ?? 0) * 8
  encodeEach(value.entries(), ([index, one]: [number, Value]) => {
    const inner = {
      ...slot,
      bitOffset: slot.bitOffset + index * width,
      path: `${slot.path}[${index}]`,
      depth: slot.depth + 1,
    }
    encode({ types, typeId: type.element }, inner, one)
  })
}

function encodeComposite(
  { types }: Typed,
  slot: Slot,
  { type, value }: { readonly type: CompositeType; readonly value: Value },
): void {
  if (typeof value === 'string') return encodeOnlyMember(types, slot, { type, value })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return refuse(
      slot,
      `${showValue(value)} is not a ${type.kind}`,
      `write its fields: ${memberNames(types, type).join(', ')}${typeof value === 'object' ? '' : orBytes}`,
    )
  }
  const given = Object.entries(value)
  if (type.kind === 'union' && given.length > 1) refuse(slot, `a union takes one field, not ${given.length}`)
  encodeEach(given, ([name, part]) => {
    const found = findMember(types, type, { name, bitOffset: 0, depth: 0 })
    if (!found) return refuseField(slot, name, memberNames(types, type))
    encode({ types, typeId: found.member.type }, memberSlot(slot, found, name), part)
  })
}

/** Text goes to a struct's only member and to a union's first: struct in6_addr, struct in_addr. */
function encodeOnlyMember(
  types: BtfTypes,
  slot: Slot,
  { type, value }: { readonly type: CompositeType; readonly value: string },
): void {
  const [first, second] = type.members
  if (!first || (second && type.kind === 'struct')) {
    return refuse(slot, `"${value}" is not a ${type.kind}`, `write its fields: ${memberNames(types, type).join(', ')}`)
  }
  encode({ types, typeId: first.type }, memberSlot(slot, { member: first, bitOffset: first.bitOffset }, ''), value)
}

function memberSlot(slot: Slot, { member, bitOffset }: FoundMember, name: string): Slot {
  const path = name === '' ? slot.path : slot.path === '' ? name : `${slot.path}.${name}`
  return { ...slot, bitOffset: slot.bitOffset + bitOffset, bitSize: member.bitSize, path, depth: slot.depth + 1 }
}

function refuseField(slot: Slot, name: string, known: readonly string[]): never {
  const close = nearest(name, known)
  const hint = close === undefined ? `its fields: ${known.join(', ')}` : `did you mean "${close}"?`
  return refuse(slot, `there is no field "${name}"`, hint)
}
