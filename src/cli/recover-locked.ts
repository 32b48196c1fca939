import { planRecovery, readCurrent, unconfirmedAt } from '../index.ts'
import type { Session } from './command-session.ts'
import { recover } from './converge.ts'
import type { ExitCode } from './exit-codes.ts'
import type { Stage } from './run-plan.ts'
import { say } from './say.ts'
import { takeBackOverdue } from './unconfirmed.ts'
import { renderUnconfirmed, unconfirmedDocument } from './views/confirmation.ts'

/** Everything that `pinfold recover` does, for whoever holds the stack's lock; says so where there is nothing to do. */
export async function recoverLocked(session: Session, stage: Stage, stack: string): Promise<ExitCode> {
  let rounds = 0
  const read = () => {
    rounds++
    const current = readCurrent(session.kernel, { bpffs: session.bpffs, stack })
    return { current, recovery: planRecovery(current, { removesStack: true }) }
  }
  const { situation, exitCode } = await recover(read, stage)
  if (situation.recovery) return exitCode
  const unconfirmed = unconfirmedAt(situation.current.record, session.kernel.sinceBoot())
  if (unconfirmed?.left === 0) return (await takeBackOverdue(session, stage, { stack, unconfirmed })) ?? exitCode
  if (unconfirmed) say(stage, unconfirmedDocument(stack, unconfirmed), renderUnconfirmed(stack, unconfirmed))
  else if (rounds === 1) say(stage, { type: 'nothing', version: 1, stack }, `Nothing to recover: ${stack} is whole.\n`)
  return exitCode
}
