import { checkDirectory, type DesiredState, lockStack, makePlan } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { planExitCode } from '../plan-exit-code.ts'
import { readManifest, wish } from '../read-manifest.ts'
import { approve, execute, type Stage, showPlan, showRecovery } from '../run-plan.ts'
import { openSession } from '../session.ts'
import { readSituation, type Situation } from '../situation.ts'
import type { Terminal } from '../terminal.ts'

/** Makes the kernel hold what the manifest says: finishes what was interrupted, plans, shows, asks, executes. */
export async function applyManifest({ options }: Invocation, terminal: Terminal): Promise<ExitCode> {
  const loaded = readManifest(options, terminal)
  using session = await openSession(options)
  const desired = wish(loaded, session)
  const stage = { kernel: session.kernel, options, terminal }
  const directory = `${session.bpffs}/${desired.stack}`
  // Before the lock makes a directory there: it must be on a bpffs.
  checkDirectory(session.kernel, { path: directory, ...ownersOf(desired) })
  using _lock = lockStack(session.kernel, directory, { create: true })
  const situation = readSituation(session, desired)
  if (!situation.recovery) return await applyPlan(situation, desired, stage)
  const failed = await recover(situation.recovery, stage)
  return failed ?? (await applyPlan(readSituation(session, desired), desired, stage))
}

/** Finishes or takes back what a crash left; an exit code when that did not work or was not approved. */
async function recover(recovery: NonNullable<Situation['recovery']>, stage: Stage): Promise<ExitCode | undefined> {
  showRecovery(stage, recovery)
  if (!(await approve(stage, recovery))) return exitCodes.error
  const exitCode = await execute(stage, recovery)
  return exitCode === exitCodes.success ? undefined : exitCode
}

async function applyPlan({ current }: Situation, desired: DesiredState, stage: Stage): Promise<ExitCode> {
  const plan = makePlan(current, desired)
  showPlan(stage, plan)
  const verdict = planExitCode(plan)
  if (verdict !== exitCodes.changes && verdict !== exitCodes.drift) return verdict
  if (!(await approve(stage, plan))) return exitCodes.error
  return execute(stage, plan, desired)
}

function ownersOf({ ownership }: DesiredState): { readonly owners?: readonly number[] } {
  return ownership?.uid === undefined ? {} : { owners: [0, process.getuid?.() ?? 0, ownership.uid] }
}
