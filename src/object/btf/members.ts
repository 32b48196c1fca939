import type { BtfTypes } from './btf-types.ts'
import type { BtfType, Member } from './decode-type.ts'

export type CompositeType = Extract<BtfType, { readonly kind: 'struct' | 'union' }>

/** A member, perhaps of an anonymous one inside. */
export interface FoundMember {
  readonly member: Member
  /** From the start of the outer struct. */
  readonly bitOffset: number
}

/** Looks inside anonymous structs and unions, too, as C does. */
export function findMember(
  types: BtfTypes,
  type: CompositeType,
  { name, bitOffset, depth }: { readonly name: string; readonly bitOffset: number; readonly depth: number },
): FoundMember | undefined {
  for (const member of type.members) {
    const at = bitOffset + member.bitOffset
    if (member.name === name) return { member, bitOffset: at }
    const { type: inner } = types.resolve(member.type)
    if (member.name !== '' || depth > 8 || (inner.kind !== 'struct' && inner.kind !== 'union')) continue
    const found = findMember(types, inner, { name, bitOffset: at, depth: depth + 1 })
    if (found) return found
  }
  return undefined
}

/** The names that `findMember` finds. */
export function memberNames(types: BtfTypes, type: CompositeType, depth = 0): readonly string[] {
  return type.members.flatMap((member) => {
    if (member.name !== '') return [member.name]
    const { type: inner } = types.resolve(member.type)
    return depth <= 8 && (inner.kind === 'struct' || inner.kind === 'union') ? memberNames(types, inner, depth + 1) : []
  })
}
