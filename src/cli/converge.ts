import { type CurrentState, type DesiredState, makePlan, type Plan, type RecoveryPlan } from '../index.ts'
import { unmeasured } from '../util/measure.ts'
import { differencesIn } from './differences-option.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { planExitCode } from './plan-exit-code.ts'
import { approve, execute, refusalOf, type Stage, showPlan, showRecovery } from './run-plan.ts'
import { UsageError } from './usage-error.ts'

/** What there is after a recovery. */
export interface Recovered<S> {
  /** With a `recovery` when that did not work or was not approved. */
  readonly situation: S
  /** Success where nothing was to be done; `incomplete` where what others use was kept, which stands in nobody's way. */
  readonly exitCode: ExitCode
}

/**
 * Finishes or takes back what a crash left, until nothing is: what one round publishes or switches back may leave something
 * for another.
 */
export async function recover<S extends { readonly recovery: RecoveryPlan | undefined }>(
  read: () => S,
  stage: Stage,
): Promise<Recovered<S>> {
  let exitCode: ExitCode = exitCodes.success
  for (let round = 1; ; round++) {
    const situation = read()
    const { recovery } = situation
    if (!recovery || exitCode !== exitCodes.success) return { situation, exitCode }
    if (round > rounds) return { situation, exitCode: exitCodes.incomplete }
    showRecovery(stage, recovery)
    if (!(await approve(stage, recovery))) return { situation, exitCode: exitCodes.error }
    exitCode = await execute(stage, recovery)
  }
}

const rounds = 4

/** Plans, shows, asks and executes. */
export async function converge(current: CurrentState, desired: DesiredState, stage: Stage): Promise<ExitCode> {
  const { measure = unmeasured } = stage.timings ?? {}
  const plan = measure('plan', () => makePlan(current, desired))
  const differences = await differencesIn(stage.options, stage.kernel, { current, desired, plan })
  return await carryOut(plan, desired, { ...stage, differences })
}

/** Shows, asks and executes; refuses what is blocked. */
export async function carryOut(plan: Plan, desired: DesiredState | undefined, stage: Stage): Promise<ExitCode> {
  showPlan(stage, plan)
  const refused = refusalOf(stage, plan)
  if (refused !== undefined) return refused
  if (planExitCode(plan) === exitCodes.success) return exitCodes.success
  if (!(await approve(stage, plan))) return exitCodes.error
  if (stage.beforeRun && !(await stage.beforeRun())) {
    throw new UsageError(`cannot apply ${plan.stack}: the process that would take it back cannot be started`, {
      code: 'C120',
    })
  }
  return execute(stage, plan, desired)
}
