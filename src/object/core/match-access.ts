import { sameEssence } from '../../btf/flavour.ts'
import type { Member } from '../btf/decode-type.ts'
import type { TypeSource } from '../btf/type-source.ts'
import { type Accessor, type AccessSpec, isFlexible, longestAccess, sizeOf } from './access-spec.ts'
import { areFieldsCompatible, areTypesCompatible } from './compatible.ts'
import { Budget, CoreFailure } from './core-failure.ts'
import { doTypesMatch } from './types-match.ts'

/** A type of the kernel that has the name of the one that a program was compiled with. */
export interface Candidate {
  readonly types: TypeSource
  readonly id: number
}

/** How an access goes on a type of the kernel; where it does not, the accessor at which it ends and why. */
export type Match = AccessSpec | { readonly failedAt: number; readonly because: 'missing' | 'type' | 'bounds' }

export const isMatch = (match: Match): match is AccessSpec => 'root' in match

/** Finds an access on a candidate. Throws a CoreFailure. */
export function matchAccess(local: AccessSpec, candidate: Candidate): Match {
  const budget = new Budget()
  const { types, id } = candidate
  const target = { types, root: id, kind: local.kind, basis: local.basis }
  switch (local.basis) {
    case 'type': {
      const question = { local: local.types, target: types, budget }
      const compare = local.kind === 'type-matches' ? doTypesMatch : areTypesCompatible
      return compare(question, local.root, id)
        ? { ...target, accessors: [], bitOffset: 0 }
        : { failedAt: 0, because: 'type' }
    }
    case 'enumerator': {
      const found = matchEnumerator(local, candidate)
      return found ? { ...target, accessors: [found], bitOffset: 0 } : { failedAt: 0, because: 'missing' }
    }
    case 'field': {
      const found = new FieldMatch(local, candidate, budget).run()
      return 'failedAt' in found ? found : { ...target, ...found }
    }
  }
}

function matchEnumerator({ accessors }: AccessSpec, { types, id }: Candidate): Accessor | undefined {
  const { id: typeId, type } = types.resolve(id)
  const wanted = accessors[0]?.name ?? ''
  if (type.kind !== 'enum') return undefined
  const index = type.values.findIndex(({ name }) => sameEssence(name, wanted))
  return index < 0 ? undefined : { typeId, index, name: type.values[index]?.name ?? '' }
}

type Found = Pick<AccessSpec, 'accessors' | 'bitOffset'>

/** Follows the named steps of an access in another struct, wherever its members lie there. */
class FieldMatch {
  readonly #local: AccessSpec
  readonly #types: TypeSource
  readonly #budget: Budget
  readonly #accessors: Accessor[] = []
  #id: number
  #bitOffset = 0
  /** Steps so far, anonymous members included. */
  #depth = 0

  constructor(local: AccessSpec, { types, id }: Candidate, budget: Budget) {
    this.#local = local
    this.#types = types
    this.#budget = budget
    this.#id = id
  }

  run(): Found | Exclude<Match, AccessSpec> {
    for (const [at, accessor] of this.#local.accessors.entries()) {
      const because = accessor.name === undefined ? this.#element(at, accessor) : this.#field(accessor)
      if (because) return { failedAt: at, because }
    }
    return { accessors: this.#accessors, bitOffset: this.#bitOffset >>> 0 }
  }

  /** The first element is one of the root type itself. */
  #element(at: number, { index }: Accessor): 'bounds' | 'type' | undefined {
    const { id, type } = this.#types.resolve(this.#id)
    this.#id = id
    if (at > 0) {
      if (type.kind !== 'array') return 'type'
      if (index >= type.length && !isFlexible(this.#types, this.#accessors.at(-1), type)) return 'bounds'
      this.#id = this.#types.resolve(type.element).id
    }
    this.#descend()
    this.#accessors.push({ typeId: this.#id, index })
    this.#bitOffset += index * sizeOf(this.#types, this.#id) * 8
    return undefined
  }

  #field(wanted: Accessor): 'missing' | 'type' | undefined {
    const place = this.#find(wanted.name ?? '', this.#id, this.#depth)
    if (!place) return 'missing'
    const local = this.#local.types.get(wanted.typeId)
    const ours = 'members' in local ? local.members[wanted.index] : undefined
    const question = { local: this.#local.types, target: this.#types, budget: this.#budget }
    if (!ours || !areFieldsCompatible(question, ours.type, place.member.type)) return 'type'
    this.#depth = place.depth
    this.#bitOffset += place.bitOffset
    this.#accessors.push({ typeId: place.struct, index: place.index, name: place.member.name })
    this.#id = place.member.type
    return undefined
  }

  /** Looks inside anonymous members where they stand, as C does. */
  #find(name: string, structId: number, depth: number): FoundField | undefined {
    const { id: struct, type } = this.#types.resolve(structId)
    if (type.kind !== 'struct' && type.kind !== 'union') return undefined
    for (const [index, member] of type.members.entries()) {
      this.#budget.spend()
      if (depth >= longestAccess) throw tooDeep()
      if (member.name === name) return { struct, index, member, bitOffset: member.bitOffset, depth: depth + 1 }
      const inner = member.name === '' ? this.#find(name, member.type, depth + 1) : undefined
      if (inner) return { ...inner, bitOffset: inner.bitOffset + member.bitOffset }
    }
    return undefined
  }

  #descend(): void {
    if (this.#depth >= longestAccess) throw tooDeep()
    this.#depth++
  }
}

const tooDeep = (): CoreFailure => new CoreFailure('its types are nested too deeply')

interface FoundField {
  readonly struct: number
  readonly index: number
  readonly member: Member
  /** Bits from the struct in which the search began. */
  readonly bitOffset: number
  readonly depth: number
}
