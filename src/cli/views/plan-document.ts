import type { Action, Difference, KernelIdentity, Leftover, Plan, RecoveryPlan, Unconfirmed } from '../../index.ts'
import type { Envelope } from '../envelope.ts'
import type { ExitCode } from '../exit-codes.ts'
import { seal } from '../seal.ts'

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
  /** What it was made for. */
  readonly kernel: Pick<KernelIdentity, 'kind' | 'release'>
  /** How many resources and outer pins there are for each action. */
  readonly total: Readonly<Record<Action, number>>
  /** What an interrupted run left, in a plan that recovers; absent in others. */
  readonly leftovers?: readonly Leftover[]
}

/** What `plan --json` prints; all that views need, so that a plan that was saved is shown like a new one. */
export interface PlanDocument extends BarePlan {
  readonly envelope: Envelope
  /** What differs in detail; absent where nobody asked. */
  readonly differences?: readonly Difference[]
  /** What apply does first about an interrupted run; absent where nothing was interrupted. */
  readonly recovery?: BarePlan & Pick<RecoveryPlan, 'leftovers'>
  /** The live generation, where it awaits confirmation. */
  readonly unconfirmed?: Unconfirmed
  /** What `plan` ends with; absent where another command prints the plan that it carries out. */
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

/** The numbers of a plan's total. */
export function countChanges(plan: Plan): Readonly<Record<Action, number>> {
  const counts = { keep: 0, create: 0, update: 0, replace: 0, delete: 0 }
  // What leaves the stack is not touched.
  for (const it of [...plan.changes, ...(plan.pins ?? [])]) counts['leaves' in it ? 'keep' : it.action]++
  return counts
}
