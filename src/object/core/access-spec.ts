import type { CoreRelocation } from '../../model/program-spec.ts'
import type { BtfType } from '../btf/decode-type.ts'
import type { TypeSource } from '../btf/type-source.ts'
import { CoreFailure } from './core-failure.ts'
import { type RelocationBasis, type RelocationKind, relocationKind } from './relocation-kinds.ts'

/** One step of an access that is looked up by meaning: a named member, or an element of an array. */
export interface Accessor {
  /** The struct that the member is in, or the type of the element; of an enumerator its enum. */
  readonly typeId: number
  /** Of the member, element or enumerator. */
  readonly index: number
  /** Undefined for an element. */
  readonly name?: string
}

/** An access as the program was compiled, or as one type of a kernel has it. */
export interface AccessSpec {
  readonly types: TypeSource
  readonly root: number
  readonly kind: RelocationKind
  readonly basis: RelocationBasis
  /** Empty where it is about a whole type. The first one of a field is the element of the root itself. */
  readonly accessors: readonly Accessor[]
  /** Bits from the root to the field, as an unsigned 32-bit number. */
  readonly bitOffset: number
}

/** Steps of one access, anonymous members included. */
export const longestAccess = 64

/** Reads what a relocation accesses by the object's own types. Throws a CoreFailure. */
export function readAccess(relocation: CoreRelocation, types: TypeSource): AccessSpec {
  const meaning = relocationKind(relocation.kind)
  if (!meaning) throw new CoreFailure(`CO-RE relocations of kind ${relocation.kind} are unknown`)
  const start = { types, root: relocation.typeId, ...meaning }
  if (meaning.basis === 'type') {
    if (relocation.access !== '0') throw malformed(relocation)
    return { ...start, accessors: [], bitOffset: 0 }
  }
  const indices = parseIndices(relocation)
  if (meaning.basis === 'enumerator')
    return { ...start, accessors: [enumerator(relocation, types, indices)], bitOffset: 0 }
  return { ...start, ...walk(relocation, types, indices) }
}

const malformed = ({ access, typeId }: CoreRelocation): CoreFailure =>
  new CoreFailure(`the access "${access}" of type ${typeId} is malformed`)

function parseIndices(relocation: CoreRelocation): readonly number[] {
  if (!/^-?\d+(:\d+)*$/.test(relocation.access)) throw malformed(relocation)
  const indices = relocation.access.split(':').map(Number)
  if (indices.length > longestAccess || indices.some((index) => index > 0x7fffffff)) throw malformed(relocation)
  return indices
}

function enumerator(relocation: CoreRelocation, types: TypeSource, indices: readonly number[]): Accessor {
  const { id, type } = types.resolve(relocation.typeId)
  const [index = 0] = indices
  const value = type.kind === 'enum' && indices.length === 1 ? type.values[index] : undefined
  if (!value) throw malformed(relocation)
  return { typeId: id, index, name: value.name }
}

function walk(
  relocation: CoreRelocation,
  types: TypeSource,
  [first = 0, ...rest]: readonly number[],
): Pick<AccessSpec, 'accessors' | 'bitOffset'> {
  const root = types.resolve(relocation.typeId).id
  const accessors: Accessor[] = [{ typeId: root, index: first }]
  let bitOffset = first * sizeOf(types, root) * 8
  let id = root
  for (const index of rest) {
    const { id: at, type } = types.resolve(id)
    if (type.kind === 'struct' || type.kind === 'union') {
      const member = type.members[index]
      if (!member) throw malformed(relocation)
      bitOffset += member.bitOffset
      if (member.name !== '') accessors.push({ typeId: at, index, name: member.name })
      id = member.type
    } else if (type.kind === 'array') {
      if (index >= type.length && !isFlexible(types, accessors.at(-1), type)) throw malformed(relocation)
      id = types.resolve(type.element).id
      accessors.push({ typeId: id, index })
      bitOffset += index * sizeOf(types, id) * 8
    } else throw malformed(relocation)
  }
  return { accessors, bitOffset: bitOffset >>> 0 }
}

/** Bytes; throws a CoreFailure for a type that has no size. */
export function sizeOf(types: TypeSource, id: number): number {
  const size = types.sizeOf(id)
  if (size === undefined || size > 0xffffffff) throw new CoreFailure(`type ${id} has no size`)
  return size
}

/** True for an array of length 0 at the end of its struct: its elements lie behind the struct. */
export function isFlexible(
  types: TypeSource,
  holder: Accessor | undefined,
  { length }: Extract<BtfType, { readonly kind: 'array' }>,
): boolean {
  if (length > 0 || holder?.name === undefined) return false
  const { typeId, index } = holder
  const struct = types.get(typeId)
  return 'members' in struct && index === struct.members.length - 1
}
