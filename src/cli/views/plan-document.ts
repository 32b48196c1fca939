import type { Difference, KernelIdentity, Plan, RecoveryPlan, Unconfirmed } from '../../index.ts'
import type { Envelope } from '../envelope.ts'
import type { ExitCode } from '../exit-codes.ts'
import { seal } from '../seal.ts'
import { countChanges } from './plan.ts'

export interface PlanContext {
  readonly identity: KernelIdentity
  readonly envelope: Envelope
  /** Given with --diff. */
  readonly differences?: readonly Difference[] | undefined
  /** What has to be done before this plan. */
  readonly recovery?: RecoveryPlan | undefined
  /** The live generation, where it awaits confirmation. */
  readonly unconfirmed?: Unconfirmed | undefined
  readonly exitCode?: ExitCode
}

/** A plan as data for views, by itself or in the document of another. */
export interface BarePlan extends Omit<Plan, 'record'> {
  readonly type: 'plan'
  readonly kernel: Pick<KernelIdentity, 'kind' | 'release'>
  /** How many changes there are of each action. */
  readonly total: ReturnType<typeof countChanges>
}

/** What `plan --json` prints; all that views need, so that a plan that was saved is shown like a new one. */
export interface PlanDocument extends BarePlan {
  readonly envelope: Envelope
  /** What differs in detail; absent where nobody asked. */
  readonly differences?: readonly Difference[]
  readonly recovery?: BarePlan & Pick<RecoveryPlan, 'leftovers'>
  readonly unconfirmed?: Unconfirmed
  readonly exitCode?: ExitCode
}

/** A plan as a document, sealed: all of it but the record that it writes, which repeats every program's instructions. */
export function planDocument(
  plan: Plan,
  { envelope, differences, recovery, unconfirmed, exitCode, identity }: PlanContext,
): PlanDocument {
  const { type, version, ...rest } = bare(plan, identity)
  return seal({
    type,
    version,
    envelope,
    ...rest,
    ...(differences ? { differences } : {}),
    ...(recovery ? { recovery: { ...bare(recovery, identity), leftovers: recovery.leftovers } } : {}),
    ...(unconfirmed ? { unconfirmed } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
  })
}

function bare({ record: _, ...plan }: Plan, { kind, release }: KernelIdentity): BarePlan {
  return { type: 'plan', ...plan, kernel: { kind, release }, total: countChanges(plan) }
}
