import type { KernelIdentity, Plan, Unconfirmed } from '../../index.ts'
import type { ExitCode } from '../exit-codes.ts'
import { countChanges } from './plan.ts'

export interface PlanContext {
  readonly identity: KernelIdentity
  /** What has to be done before this plan. */
  readonly recovery?: Plan | undefined
  /** The live generation, where it awaits confirmation. */
  readonly unconfirmed?: Unconfirmed | undefined
  readonly exitCode?: ExitCode
}

/** A plan as a document: all of it but the record that it writes, which repeats every program's instructions. */
export function planDocument(plan: Plan, { identity, recovery, unconfirmed, exitCode }: PlanContext): object {
  const { record: _, ...rest } = plan
  return {
    type: 'plan',
    ...rest,
    kernel: { kind: identity.kind, release: identity.release },
    total: countChanges(plan),
    ...(recovery ? { recovery: planDocument(recovery, { identity }) } : {}),
    ...(unconfirmed ? { unconfirmed } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
  }
}
