import { isBlocked, type Plan } from '../index.ts'
import { type ExitCode, exitCodes } from './exit-codes.ts'

/** The exit code of a plan that is shown, or that may not be applied. */
export function planExitCode(plan: Plan): ExitCode {
  const errors = plan.diagnostics.filter((diagnostic) => diagnostic.severity === 'error')
  if (errors.length > 0) {
    return errors.every(isBlocked) ? exitCodes.blocked : exitCodes.error
  }
  const changes = [...plan.changes, ...(plan.pins ?? [])].filter((change) => change.action !== 'keep')
  const causes = [...changes.map(({ cause }) => cause), ...(plan.ownership ? [plan.ownership] : [])]
  if (causes.length === 0) return plan.steps.length > 0 ? exitCodes.changes : exitCodes.success
  return causes.every((cause) => cause === 'drift') ? exitCodes.drift : exitCodes.changes
}
