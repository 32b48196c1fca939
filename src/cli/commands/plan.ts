import { makePlan, unconfirmedAt } from '../../index.ts'
import type { Invocation } from '../arguments.ts'
import { confirmOption } from '../confirm-option.ts'
import { differencesIn } from '../differences-option.ts'
import type { ExitCode } from '../exit-codes.ts'
import { goalOf } from '../goal-options.ts'
import { policyOf } from '../policy-options.ts'
import { originOf, readManifest, wish } from '../read-manifest.ts'
import { type OpenKernel, openSession } from '../session.ts'
import { showPlanning } from '../show-planning.ts'
import { readSituation } from '../situation.ts'
import type { Terminal } from '../terminal.ts'
import { openTimings } from '../timings.ts'

/** Shows what apply would do, or destroy, or rollback. Reads only, and so needs no lock. */
export async function plan(invocation: Invocation, terminal: Terminal, openKernel?: OpenKernel): Promise<ExitCode> {
  const { operand, options } = invocation
  if (options.against) return await (await import('../plan-against.ts')).planAgainst(invocation, terminal, plan)
  const goal = goalOf(options)
  if (goal) return await (await import('./plan-goal.ts')).planGoal(invocation, { goal, terminal, openKernel })
  if (operand !== undefined || options['drift-only'])
    return (await import('./drift.ts')).showDrift(invocation, terminal, openKernel)
  using timings = openTimings({ options, terminal })
  const loaded = timings.measure('manifest', () => readManifest(options, terminal))
  using session = await openSession(options, timings, openKernel)
  const desired = { ...wish(loaded, session), ...policyOf(options), ...confirmOption(options) }
  const { current, recovery } = readSituation(session, desired, options)
  const found = timings.measure('plan', () => makePlan(current, desired))
  const unconfirmed = unconfirmedAt(current.record, session.kernel.sinceBoot())
  const differences = await differencesIn(options, session.kernel, { current, desired, plan: found })
  const workplace = { identity: session.kernel.identity, options, terminal, origin: originOf(loaded, session) }
  // Awaited here: the session ends with this function.
  return await showPlanning(workplace, { plan: found, recovery, unconfirmed, differences })
}
