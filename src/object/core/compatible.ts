import { essentialName } from '../../btf/flavour.ts'
import type { BtfType } from '../btf/decode-type.ts'
import type { TypeSource } from '../btf/type-source.ts'
import { type Budget, CoreFailure } from './core-failure.ts'

/** Two sets of types that are compared. */
export interface Comparison {
  readonly local: TypeSource
  readonly target: TypeSource
  readonly budget: Budget
}

/** Pointers to pointers, arrays of arrays and the like, as libbpf bounds them. */
export const deepest = 32

/**
 * True where a field of one type can be read as the other: sizes and signs of integers, lengths of arrays and what is
 * inside of structs may differ; enums and what is declared only must have one name, or none.
 */
export function areFieldsCompatible(both: Comparison, localId: number, targetId: number): boolean {
  let [ours, theirs] = [localId, targetId]
  for (let depth = 0; depth <= deepest; depth++) {
    const local = both.local.resolve(ours).type
    const target = both.target.resolve(theirs).type
    if (isComposite(local) && isComposite(target)) return true
    if (local.kind !== 'array' || target.kind !== 'array') return isSameKindOfField(local, target)
    ours = local.element
    theirs = target.element
  }
  throw new CoreFailure('its arrays are nested too deeply')
}

const isComposite = ({ kind }: BtfType): boolean => kind === 'struct' || kind === 'union'

function isSameKindOfField(local: BtfType, target: BtfType): boolean {
  if (local.kind === 'int' && target.kind === 'int') return local.bitOffset === 0 && target.bitOffset === 0
  if (local.kind !== target.kind) return false
  if (local.kind === 'pointer' || local.kind === 'float') return true
  if (!(local.kind === 'enum' || local.kind === 'forward') || !('name' in target)) return false
  const [ours, theirs] = [essentialName(local.name), essentialName(target.name)]
  return ours === '' || theirs === '' || ours === theirs
}

/** True for two types of one name that are the same kind of thing, and of which the same is made by pointers and parameters. */
export function areTypesCompatible(both: Comparison, localId: number, targetId: number): boolean {
  return both.local.get(localId).kind === both.target.get(targetId).kind && compare(both, localId, targetId, deepest)
}

function compare(both: Comparison, localId: number, targetId: number, level: number): boolean {
  let [ours, theirs] = [localId, targetId]
  for (let depth = 0; depth < deepest; depth++) {
    both.budget.spend()
    const local = both.local.resolve(ours).type
    const target = both.target.resolve(theirs).type
    if (local.kind !== target.kind) return false
    if (local.kind === 'pointer' && target.kind === 'pointer') [ours, theirs] = [local.to, target.to]
    else if (local.kind === 'array' && target.kind === 'array') [ours, theirs] = [local.element, target.element]
    else if (local.kind === 'prototype' && target.kind === 'prototype') {
      if (!compareParameters(both, local, target, level)) return false
      ;[ours, theirs] = [local.returns, target.returns]
    } else return isSameKindOfType(local, target)
  }
  throw new CoreFailure('its types are nested too deeply')
}

type Prototype = Extract<BtfType, { readonly kind: 'prototype' }>

function compareParameters(both: Comparison, local: Prototype, target: Prototype, level: number): boolean {
  if (local.parameters.length !== target.parameters.length) return false
  return local.parameters.every((parameter, index) => {
    if (level <= 0) throw new CoreFailure('its types are nested too deeply')
    return compare(both, parameter, target.parameters[index] ?? 0, level - 1)
  })
}

const sameByKind: ReadonlySet<BtfType['kind']> = new Set(['void', 'struct', 'union', 'enum', 'forward'])

function isSameKindOfType(local: BtfType, target: BtfType): boolean {
  if (local.kind === 'int' && target.kind === 'int') return local.bitOffset === 0 && target.bitOffset === 0
  return sameByKind.has(local.kind)
}
