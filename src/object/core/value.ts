import type { BtfType, Member } from '../btf/decode-type.ts'
import type { ByteOrder } from '../cursor.ts'
import { type AccessSpec, sizeOf } from './access-spec.ts'
import { CoreFailure } from './core-failure.ts'

/** The number that an access stands for, with some types. */
export interface AccessValue {
  /** As a 64-bit number without a sign. */
  readonly value: bigint
  /** Whether compilers agree on it, so that it has to stand in the instruction. */
  readonly isCertain: boolean
  /** Of a field that is loaded or stored as it is: its bytes and its type. */
  readonly memory?: { readonly size: number; readonly type: BtfType }
}

/** Calculates what an access stands for. Throws a CoreFailure. */
export function calculate(spec: AccessSpec, byteOrder: ByteOrder): AccessValue {
  switch (spec.basis) {
    case 'field':
      return fieldValue(spec, byteOrder)
    case 'type':
      return typeValue(spec)
    case 'enumerator':
      return { value: spec.kind === 'enumerator-exists' ? 1n : enumeratorValue(spec), isCertain: true }
  }
}

const certain = (value: number): AccessValue => ({ value: BigInt(value), isCertain: true })

function typeValue({ kind, types, root }: AccessSpec): AccessValue {
  if (kind === 'type-size') return certain(sizeOf(types, root))
  // Ids change when objects are linked, while the instruction keeps the old one.
  if (kind === 'target-type-id' || kind === 'local-type-id') return { value: BigInt(root), isCertain: false }
  return certain(1)
}

/** The kernel's `enum` has 32 bits with a sign, whatever its size and values say; only `enum64` has more. */
function enumeratorValue({ types, accessors }: AccessSpec): bigint {
  const [accessor] = accessors
  const type = types.get(accessor?.typeId ?? 0)
  const value = type.kind === 'enum' ? type.values[accessor?.index ?? 0]?.value : undefined
  if (type.kind !== 'enum' || value === undefined) throw new CoreFailure('an enumerator is missing')
  return BigInt.asUintN(64, type.wide ? value : BigInt.asIntN(32, value))
}

function fieldValue(spec: AccessSpec, byteOrder: ByteOrder): AccessValue {
  if (spec.kind === 'field-exists') return certain(1)
  const last = spec.accessors.at(-1)
  const holder = spec.types.get(last?.typeId ?? 0)
  if (last?.name === undefined) return elementValue(spec, last?.typeId ?? 0)
  const member = 'members' in holder ? holder.members[last.index] : undefined
  if (!member) throw new CoreFailure(`a member of type ${last.typeId} is missing`)
  return memberValue(spec, placeOf(spec, member), byteOrder)
}

function elementValue({ kind, types, bitOffset }: AccessSpec, typeId: number): AccessValue {
  const size = sizeOf(types, typeId)
  if (kind === 'field-size') return certain(size)
  if (kind !== 'field-offset') throw new CoreFailure('this cannot be asked of an element of an array')
  return { ...certain(bitOffset >>> 3), memory: { size, type: types.get(typeId) } }
}

/** Where a field lies, and the integer that holds it. */
interface FieldPlace {
  readonly type: BtfType
  readonly isBitField: boolean
  readonly bits: number
  /** Of the integer that is loaded. */
  readonly byteSize: number
  readonly byteOffset: number
}

function placeOf({ types, bitOffset }: AccessSpec, member: Member): FieldPlace {
  const { id, type } = types.resolve(member.type)
  if (member.bitSize > 0) return { type, isBitField: true, bits: member.bitSize, ...holderOf(bitOffset, member, type) }
  const byteSize = sizeOf(types, id)
  return { type, isBitField: false, bits: byteSize * 8, byteSize, byteOffset: bitOffset >>> 3 }
}

/** The smallest aligned integer, of at least the declared size, that has all bits of a bit field. */
function holderOf(
  bitOffset: number,
  { bitSize }: Member,
  type: BtfType,
): { readonly byteSize: number; readonly byteOffset: number } {
  let byteSize = 'size' in type ? type.size : 0
  if (byteSize === 0) throw new CoreFailure('a bit field has a type without a size')
  for (;;) {
    const byteOffset = Math.floor((bitOffset >>> 3) / byteSize) * byteSize
    if (bitOffset + bitSize - byteOffset * 8 <= byteSize * 8) return { byteSize, byteOffset }
    if (byteSize >= 8) throw new CoreFailure('a bit field spans more than 64 bits')
    byteSize *= 2
  }
}

function memberValue({ kind, bitOffset }: AccessSpec, place: FieldPlace, byteOrder: ByteOrder): AccessValue {
  const { type, isBitField, bits, byteSize, byteOffset } = place
  switch (kind) {
    case 'field-offset':
      if (isBitField) return { value: BigInt(byteOffset), isCertain: false }
      return { ...certain(byteOffset), memory: { size: byteSize, type } }
    case 'field-size':
      return { value: BigInt(byteSize), isCertain: !isBitField }
    case 'field-signed':
      return certain((type.kind === 'int' || type.kind === 'enum') && type.signed ? 1 : 0)
    case 'field-left-shift': {
      const shift =
        byteOrder === 'little'
          ? 64 - (bitOffset + bits - byteOffset * 8)
          : (8 - byteSize) * 8 + (bitOffset - byteOffset * 8)
      return { value: BigInt(shift >>> 0), isCertain: !isBitField }
    }
    case 'field-right-shift':
      return certain((64 - bits) >>> 0)
    default:
      throw new CoreFailure(`${kind} cannot be asked of a field`)
  }
}
