import {
  type CurrentState,
  type DesiredState,
  emptyGraph,
  hasChanges,
  makePlan,
  planRecovery,
  type RecoveryPlan,
  readCurrent,
} from '../index.ts'
import type { Session } from './command-session.ts'

/** What there is, and what has to be done about an interrupted run before anything else. */
export interface Situation {
  readonly current: CurrentState
  readonly recovery: RecoveryPlan | undefined
}

/**
 * Reads what a plan is made from. Who uses what in the whole system takes longest to read, and matters only where something
 * is to be done: it is left out where the stack turns out to be whole and as declared.
 */
export function readSituation({ kernel, bpffs }: Session, desired: DesiredState): Situation {
  const place = { bpffs, stack: desired.stack }
  const quick = readCurrent(kernel, { ...place, graph: emptyGraph }, desired)
  if (isWhole(quick) && !hasChanges(makePlan(quick, desired))) return { current: quick, recovery: undefined }
  const current = readCurrent(kernel, place, desired)
  return { current, recovery: planRecovery(current) }
}

/** Neither an apply nor a destroy was interrupted, and nothing of an older generation is left. */
const isWhole = ({ trees, record }: CurrentState): boolean => {
  const former = trees.filter((tree) => tree.name !== 'live')
  const stripped = former.every((tree) => tree.name !== 'next' && !tree.directories.includes(`${tree.name}/links`))
  return record?.phase === 'published' && stripped && former.length <= (record.history ?? 0)
}
