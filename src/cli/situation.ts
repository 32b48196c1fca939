import {
  type CurrentState,
  type DesiredState,
  emptyGraph,
  hasChanges,
  type Kernel,
  makePlan,
  mayNeedRecovery,
  planRecovery,
  type RecoveryPlan,
  readCurrent,
  readSurroundings,
} from '../index.ts'
import { unmeasured } from '../util/measure.ts'
import type { Session } from './command-session.ts'
import type { OptionValues } from './option-table.ts'

/** What there is, and what has to be done about an interrupted run before anything else. */
export interface Situation {
  readonly current: CurrentState
  readonly recovery: RecoveryPlan | undefined
}

/**
 * Reads what a plan is made from. Who uses what in the whole system takes longest to read, and matters only where something
 * is to be done about what exists: it is left out where the stack turns out to be whole and as declared, or is all new.
 */
export function readSituation(
  { kernel, bpffs, measure = unmeasured }: Session,
  desired: DesiredState,
  options: OptionValues,
): Situation {
  const place = { bpffs, stack: desired.stack, adopt: options.adopt ?? false }
  const quick = measure('read current', () => readCurrent(kernel, { ...place, graph: emptyGraph }, desired))
  const isSettled = !mayNeedRecovery(quick) && !measure('plan', () => hasChanges(makePlan(quick, desired)))
  if (isSettled) return { current: quick, recovery: undefined }
  const current = measure('read current', () => {
    const whole = isNew(quick, desired) ? quick : readCurrent(kernel, place, desired)
    return readSurroundings(kernel, whole, desired)
  })
  return { current, recovery: measure('plan', () => planRecovery(current, { leavesUsed: true })) }
}

/** Nothing of it exists, and it uses nothing of anybody else's. */
const isNew = ({ trees, strays = [], outerPins = [] }: CurrentState, { resources }: DesiredState): boolean =>
  trees.length === 0 &&
  strays.length === 0 &&
  outerPins.length === 0 &&
  [...resources.values()].every((resource) => resource.kind !== 'map' || resource.owner === 'stack')

/** Whom the stack's directory may belong to. */
export function ownersOf({ bpffs }: Kernel, { ownership }: DesiredState): { readonly owners?: readonly number[] } {
  return ownership?.uid === undefined ? {} : { owners: [0, bpffs.user, ownership.uid] }
}
