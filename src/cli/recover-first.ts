import { emptyGraph, mayNeedRecovery, planRecovery, type RecoveryPlan, readCurrent } from '../index.ts'
import type { Session } from './command-session.ts'
import { type Recovered, recover } from './converge.ts'
import type { Stage } from './run-plan.ts'

/** Finishes or takes back what a crash left of a stack; `recovery` in the situation where that did not work. */
export function recoverFirst(
  session: Session,
  stack: string,
  stage: Stage,
): Promise<Recovered<{ readonly recovery: RecoveryPlan | undefined }>> {
  return recover(() => ({ recovery: recoveryOf(session, stack) }), stage)
}

/** What has to be done about an interrupted run of a stack; undefined where nothing has. `adopt`: see Place. */
export function recoveryOf({ kernel, bpffs }: Session, stack: string, adopt = false): RecoveryPlan | undefined {
  const place = { bpffs, stack, adopt }
  // Who uses what takes longest to read: only where something was interrupted.
  if (!mayNeedRecovery(readCurrent(kernel, { ...place, graph: emptyGraph }))) return undefined
  return planRecovery(readCurrent(kernel, place))
}
