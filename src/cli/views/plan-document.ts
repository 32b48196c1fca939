import type { KernelIdentity, Plan, Unconfirmed } from '../../index.ts'
import type { Envelope } from '../envelope.ts'
import type { ExitCode } from '../exit-codes.ts'
import { seal } from '../seal.ts'
import { countChanges } from './plan.ts'

export interface PlanContext {
  readonly identity: KernelIdentity
  readonly envelope: Envelope
  /** What has to be done before this plan. */
  readonly recovery?: Plan | undefined
  /** The live generation, where it awaits confirmation. */
  readonly unconfirmed?: Unconfirmed | undefined
  readonly exitCode?: ExitCode
}

/** A plan as a document, sealed: all of it but the record that it writes, which repeats every program's instructions. */
export function planDocument(plan: Plan, { envelope, recovery, unconfirmed, exitCode, identity }: PlanContext): object {
  const { type, version, ...rest } = bare(plan, identity)
  return seal({
    type,
    version,
    envelope,
    ...rest,
    ...(recovery ? { recovery: bare(recovery, identity) } : {}),
    ...(unconfirmed ? { unconfirmed } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
  })
}

function bare({ record: _, ...plan }: Plan, { kind, release }: KernelIdentity) {
  return { type: 'plan', ...plan, kernel: { kind, release }, total: countChanges(plan) } as const
}
