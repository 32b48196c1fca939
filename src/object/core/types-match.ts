import { sameEssence } from '../../btf/flavour.ts'
import type { BtfType } from '../btf/decode-type.ts'
import { type Comparison, deepest } from './compatible.ts'
import { CoreFailure } from './core-failure.ts'

/**
 * True where the kernel's type has everything that the program's has, by name and with the same types: the strictest
 * comparison. Behind a pointer only the name and the kind of a struct count.
 */
export function doTypesMatch(both: Comparison, localId: number, targetId: number): boolean {
  return match(both, localId, targetId, { behindPointer: false, level: deepest })
}

interface Place {
  readonly behindPointer: boolean
  /** How many structs and parameters deep it may still go. */
  readonly level: number
}

function match(both: Comparison, localId: number, targetId: number, place: Place): boolean {
  if (place.level <= 0) throw tooDeep()
  let [ours, theirs] = [localId, targetId]
  let { behindPointer } = place
  for (let depth = 0; depth < deepest; depth++) {
    both.budget.spend()
    const local = both.local.resolve(ours).type
    const target = both.target.resolve(theirs).type
    if (!haveSameName(local, target)) return false
    if (local.kind === 'pointer' && target.kind === 'pointer') {
      behindPointer = true
      ;[ours, theirs] = [local.to, target.to]
    } else if (local.kind === 'array' && target.kind === 'array') {
      if (local.length !== target.length) return false
      ;[ours, theirs] = [local.element, target.element]
    } else if (local.kind === 'prototype' && target.kind === 'prototype') {
      if (!doParametersMatch(both, local, target, { ...place, behindPointer })) return false
      ;[ours, theirs] = [local.returns, target.returns]
    } else return doEndsMatch(both, local, target, { ...place, behindPointer })
  }
  throw tooDeep()
}

const tooDeep = (): CoreFailure => new CoreFailure('its types are nested too deeply')

/** What has no name (a pointer) is as good as one whose name is empty. */
const haveSameName = (local: BtfType, target: BtfType): boolean => sameEssence(nameOf(local), nameOf(target))
const nameOf = (type: BtfType): string => ('name' in type ? type.name : '')

type Of<K extends BtfType['kind']> = Extract<BtfType, { readonly kind: K }>

function doParametersMatch(both: Comparison, local: Of<'prototype'>, target: Of<'prototype'>, place: Place): boolean {
  if (local.parameters.length !== target.parameters.length) return false
  const inside = { ...place, level: place.level - 1 }
  return local.parameters.every((parameter, index) => match(both, parameter, target.parameters[index] ?? 0, inside))
}

/** For types that lead to no single other one. */
function doEndsMatch(both: Comparison, local: BtfType, target: BtfType, place: Place): boolean {
  switch (local.kind) {
    case 'void':
      return target.kind === 'void'
    case 'int':
      return target.kind === 'int' && local.size === target.size && local.signed === target.signed
    case 'enum':
      return target.kind === 'enum' && doEnumsMatch(both, local, target)
    case 'forward':
      return target.kind === 'forward' ? local.of === target.of : place.behindPointer && target.kind === local.of
    case 'struct':
    case 'union':
      if (place.behindPointer)
        return target.kind === local.kind || (target.kind === 'forward' && target.of === local.kind)
      return target.kind === local.kind && doMembersMatch(both, local, target as Of<'struct' | 'union'>, place)
    default:
      return false
  }
}

function doEnumsMatch({ budget }: Comparison, local: Of<'enum'>, target: Of<'enum'>): boolean {
  if (local.size !== target.size || local.values.length > target.values.length) return false
  return local.values.every(({ name }) =>
    target.values.some((value) => {
      budget.spend()
      return sameEssence(value.name, name)
    }),
  )
}

/** Anonymous members match any other anonymous member that has what they have. */
function doMembersMatch(
  both: Comparison,
  local: Of<'struct' | 'union'>,
  target: Of<'struct' | 'union'>,
  place: Place,
): boolean {
  if (local.members.length > target.members.length) return false
  const inside = { ...place, level: place.level - 1 }
  return local.members.every((ours) =>
    target.members.some((theirs) => {
      both.budget.spend()
      return sameEssence(ours.name, theirs.name) && match(both, ours.type, theirs.type, inside)
    }),
  )
}
