import { emptyGraph, mayNeedRecovery, planRecovery, type RecoveryPlan, readCurrent } from '../index.ts'
import type { Session } from './command-session.ts'
import { type Recovered, recover } from './converge.ts'
import type { Stage } from './run-plan.ts'

/** Finishes or takes back what a crash left of a stack; `recovery` in the situation where that did not work. */
export function recoverFirst(
  { kernel, bpffs }: Session,
  stack: string,
  stage: Stage,
): Promise<Recovered<{ readonly recovery: RecoveryPlan | undefined }>> {
  // Who uses what takes longest to read: only where something was interrupted.
  const read = (): { readonly recovery: RecoveryPlan | undefined } => {
    if (!mayNeedRecovery(readCurrent(kernel, { bpffs, stack, graph: emptyGraph }))) return { recovery: undefined }
    return { recovery: planRecovery(readCurrent(kernel, { bpffs, stack })) }
  }
  return recover(read, stage)
}
