import { checkDirectory } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { differencesIn } from '../differences-option.ts'
import type { ExitCode } from '../exit-codes.ts'
import { aim } from '../goal.ts'
import type { Goal } from '../goal-options.ts'
import { readManifest } from '../read-manifest.ts'
import { recoveryOf } from '../recover-first.ts'
import { type OpenKernel, openSession } from '../session.ts'
import { showPlanning } from '../show-planning.ts'
import { noSuchStack, stackNamed } from '../stacks.ts'
import type { Terminal } from '../terminal.ts'
import { openTimings } from '../timings.ts'

/** What is planned, and where. */
interface Task {
  readonly goal: Goal
  readonly terminal: Terminal
  readonly openKernel: OpenKernel | undefined
}

/** `plan --destroy` and `plan --rollback`: what those commands would do; a manifest only names the stack. */
export async function planGoal(
  { operand, options }: Invocation,
  { goal, terminal, openKernel }: Task,
): Promise<ExitCode> {
  const stack = operand === undefined ? readManifest(options, terminal).manifest.name : stackNamed(operand)
  using timings = openTimings({ options, terminal })
  using session = await openSession(options, timings, openKernel)
  const { kernel, bpffs } = session
  const directory = `${bpffs}/${stack}`
  checkDirectory(kernel, { path: directory })
  const isThere = kernel.bpffs.stat(directory) !== undefined
  if (!isThere && (operand !== undefined || goal.action === 'rollback')) throw noSuchStack(session, stack, 'plan for')
  const recovery = recoveryOf(session, stack, options.adopt)
  const { plan, current, desired } = timings.measure('plan', () => aim(session, stack, goal))
  const differences = desired && (await differencesIn(options, kernel, { current, desired, plan }))
  const workplace = { identity: kernel.identity, options, terminal, restores: desired?.restores }
  // Awaited here: the session ends with this function.
  return await showPlanning(workplace, { plan, recovery, differences })
}
