import {
  type CurrentState,
  makeDestroyPlan,
  PlanError,
  readCurrent,
  type Unconfirmed,
  unconfirmedAt,
} from '../index.ts'
import type { Session } from './command-session.ts'
import { converge } from './converge.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { readFormer } from './former.ts'
import { approve, execute, type Stage, showPlan } from './run-plan.ts'
import { say } from './say.ts'
import { renderUnconfirmed, unconfirmedDocument } from './views/confirmation.ts'

/** Refuses (P405) as long as the live generation may still be confirmed; what is overdue is returned. */
export function overdueOrRefuse({ kernel }: Session, current: CurrentState): Unconfirmed | undefined {
  const unconfirmed = unconfirmedAt(current.record, kernel.sinceBoot())
  if (!unconfirmed || unconfirmed.left === 0) return unconfirmed
  const { stack, generation } = current
  const seconds = Math.ceil(unconfirmed.left / 1000)
  throw new PlanError(`cannot apply ${stack}: generation ${generation} awaits confirmation for ${seconds} s more`, {
    code: 'P405',
    hint: `pinfold confirm ${stack} keeps it, pinfold rollback --stack ${stack} takes it back`,
  })
}

/** Says that a generation was not confirmed, and takes it back; an exit code when that did not work or was not approved. */
export async function takeBackOverdue(
  session: Session,
  stage: Stage,
  { stack, unconfirmed }: { readonly stack: string; readonly unconfirmed: Unconfirmed },
): Promise<ExitCode | undefined> {
  say(stage, unconfirmedDocument(stack, unconfirmed), renderUnconfirmed(stack, unconfirmed))
  const exitCode = await takeBack(session, stage, stack)
  return exitCode === exitCodes.success ? undefined : exitCode
}

/** Back to the generation before the live one, or to nothing where there was none. The caller holds the lock. */
export async function takeBack(
  session: Session,
  { beforeRun: _, origin: __, saved: ___, ...stage }: Stage,
  stack: string,
): Promise<ExitCode> {
  const { kernel, bpffs } = session
  const live = readCurrent(kernel, { bpffs, stack, counts: true })
  const former = live.record?.awaits?.former
  if (former !== 0) {
    const { current, desired } = readFormer(session, stack, former)
    return await converge(current, desired, stage)
  }
  const plan = makeDestroyPlan(live)
  showPlan(stage, plan)
  return (await approve(stage, plan)) ? await execute(stage, plan) : exitCodes.error
}
