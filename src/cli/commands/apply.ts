import { checkDirectory, type DesiredState, lockStack } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import type { Session } from '../command-session.ts'
import { confirmOption } from '../confirm-option.ts'
import { converge, recover } from '../converge.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { optimizeLater } from '../optimize-later.ts'
import { policyOf } from '../policy-options.ts'
import { originOf, readManifest, wish } from '../read-manifest.ts'
import type { Stage } from '../run-plan.ts'
import { openSession } from '../session.ts'
import { ownersOf, readSituation } from '../situation.ts'
import type { Terminal } from '../terminal.ts'
import { openTimings } from '../timings.ts'
import { confirmed, watching } from '../to-be-confirmed.ts'
import { overdueOrRefuse, takeBackOverdue } from '../unconfirmed.ts'

/**
 * Makes the kernel hold what the manifest says: finishes what was interrupted, plans, shows, asks, executes. With --confirm
 * it then waits, without the lock, for somebody to confirm it. Of a saved plan it does what that says.
 */
export async function applyManifest({ operand, options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  if (operand !== undefined) return await (await import('../saved/apply-plan.ts')).applyPlan(operand, options, terminal)
  using timings = openTimings({ options, terminal })
  const loaded = timings.measure('manifest', () => readManifest(options, terminal))
  const confirmation = confirmOption(options)
  using session = await openSession(options, timings)
  optimizeLater(loaded.manifest.programs.size)
  const desired = { ...wish(loaded, session), ...policyOf(options), ...confirmation }
  const origin = originOf(loaded, session)
  const stage = { kernel: session.kernel, options, terminal, timings, origin, ...watching(session, desired) }
  // Awaited here: the session ends with this function.
  return await confirmed(session, stage, { desired, applied: await applyLocked(session, stage, desired) })
}

async function applyLocked(session: Session, stage: Stage, desired: DesiredState): Promise<ExitCode> {
  const { stack } = desired
  const directory = `${session.bpffs}/${stack}`
  // Before the lock makes a directory there: it must be on a bpffs.
  checkDirectory(session.kernel, { path: directory, ...ownersOf(session.kernel, desired) })
  using _lock = lockStack(session.kernel, directory, { create: true })
  const read = () => readSituation(session, desired, stage.options)
  const { situation, exitCode } = await recover(read, stage)
  if (situation.recovery) return exitCode
  const unconfirmed = overdueOrRefuse(session, situation.current)
  const failed = unconfirmed && (await takeBackOverdue(session, stage, { stack, unconfirmed }))
  if (failed !== undefined) return failed
  const { current } = unconfirmed ? read() : situation
  // Awaited here: the lock ends with this function.
  const converged = await converge(current, desired, stage)
  return converged === exitCodes.success ? exitCode : converged
}
