import type { CurrentState, DesiredState } from '../model/state.ts'
import type { ByteOrder } from '../object/cursor.ts'
import type { Change } from '../plan/change.ts'
import { attributeDifference } from './attributes.ts'
import { type Bounds, bounded } from './bounded.ts'
import { codeDifference } from './code.ts'
import { contentDifferences, type TypedQuestion } from './contents.ts'
import type { Difference, DifferencePart } from './difference.ts'
import { typesOf } from './named-type.ts'

/** Both sides of a plan. */
export interface DifferenceQuestion {
  readonly current: CurrentState
  readonly desired: DesiredState
  /** The plan's. */
  readonly changes: readonly Change[]
  /** Of the kernel: what values and code are in. */
  readonly byteOrder: ByteOrder
}

/**
 * What differs in detail of what is updated or replaced, in the order of the changes: instructions, entries, variables, slots, links.
 * Pure; bounded, so that it can be printed and read: what is left out is counted.
 */
export function findDifferences(question: DifferenceQuestion, bounds: Bounds = {}): readonly Difference[] {
  const typeOf = typesOf(question.desired.btf, question.byteOrder)
  const found = question.changes.flatMap((change): Difference[] => {
    const parts = partsOf(change, { ...question, typeOf })
    return parts.length > 0 ? [{ address: change.address, parts }] : []
  })
  return bounded(found, bounds)
}

function partsOf(change: Change, question: TypedQuestion): readonly DifferencePart[] {
  if (change.action !== 'update' && change.action !== 'replace') return []
  const before = question.current.resources.get(change.address)
  const after = question.desired.resources.get(change.address)
  const attributes = attributeDifference(change, question)
  if (before?.kind === 'map' && after?.kind === 'map')
    return [...attributes, ...contentDifferences(before, after, question)]
  if (before?.kind === 'program' && after?.kind === 'program')
    return [...attributes, ...codeDifference(before, after, question)]
  return attributes
}
