import { type CurrentState, type DesiredState, makeDestroyPlan, makePlan, type Plan, readCurrent } from '../index.ts'
import type { Session } from './command-session.ts'
import { readFormer } from './former.ts'
import type { Goal } from './goal-options.ts'

/** A plan that no manifest is needed for, and what it was made from. */
export interface Aimed {
  readonly plan: Plan
  readonly current: CurrentState
  /** What a rollback makes live; absent for a destroy. */
  readonly desired?: DesiredState
}

/** The plan of `destroy` or `rollback` for the live state of a stack. Throws a PlanError (P401) where nothing to go back to is kept. */
export function aim(session: Session, stack: string, goal: Goal): Aimed {
  const { kernel, bpffs } = session
  if (goal.action === 'rollback') {
    const { current, desired } = readFormer(session, stack, goal.generation)
    return { plan: makePlan(current, desired), current, desired }
  }
  const { adopt, purge } = goal
  const current = readCurrent(kernel, { bpffs, stack, adopt, counts: true })
  const plan = makeDestroyPlan(current, { purge, isThere: kernel.bpffs.stat(current.directory) !== undefined })
  return { plan, current }
}
