import { type CurrentState, type DesiredState, makePlan, type RecoveryPlan } from '../index.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { planExitCode } from './plan-exit-code.ts'
import { approve, execute, type Stage, showPlan, showRecovery } from './run-plan.ts'

/** Finishes or takes back what a crash left; an exit code when that did not work or was not approved. */
export async function recover(recovery: RecoveryPlan, stage: Stage): Promise<ExitCode | undefined> {
  showRecovery(stage, recovery)
  if (!(await approve(stage, recovery))) return exitCodes.error
  const exitCode = await execute(stage, recovery)
  return exitCode === exitCodes.success ? undefined : exitCode
}

/** Plans, shows, asks and executes. */
export async function converge(current: CurrentState, desired: DesiredState, stage: Stage): Promise<ExitCode> {
  const plan = makePlan(current, desired)
  showPlan(stage, plan)
  const verdict = planExitCode(plan)
  if (verdict === exitCodes.success) return verdict
  if (verdict !== exitCodes.changes && verdict !== exitCodes.drift) {
    if (!stage.options.json) stage.terminal.warn('Nothing was changed: the plan above cannot be applied as it is.\n')
    return verdict
  }
  if (!(await approve(stage, plan))) return exitCodes.error
  return execute(stage, plan, desired)
}
