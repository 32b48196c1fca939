import { type CurrentState, precheck, whyUsed } from '../../index.ts'
import type { Session } from '../command-session.ts'
import { stampOf } from '../envelope.ts'
import type { PlanDocument } from '../views/plan-document.ts'
import { type StaleCode, stale } from './stale.ts'

/** A saved plan and where it came from. */
export interface Saved {
  readonly file: string
  readonly plan: PlanDocument
}

/**
 * Throws a PlanError (P312, P322) where the plan may have been used. Looked at first, since what a replayed plan changed once
 * is different now; what counts is the mark before the first step.
 */
export function checkUnused({ kernel }: Session, { file, plan }: Saved): void {
  const problem = whyUsed(kernel, plan, stampOf(plan))
  if (problem) throw stale(file, problem.code as StaleCode, problem.message.replace(/^[^:]*: this saved plan/, 'it'))
}

/** The PlanError (P320) for a stack about which something has to be done first. */
export const recoverFirst = ({ file, plan }: Saved, why: string): Error =>
  stale(file, 'P320', why, `pinfold recover ${plan.stack} does that; then plan again`)

/** The stack is what it was: its generation (else P316), and the ids of its objects (P301). */
export function checkLive({ kernel }: Session, saved: Saved, { generation }: Pick<CurrentState, 'generation'>): void {
  const { file, plan } = saved
  const { from } = plan.generation
  if (generation !== from) {
    const [then, now] = [from, generation].map((one) => (one === 0 ? 'none' : `generation ${one}`))
    throw stale(file, 'P316', `it was made when ${then} was live, and now ${now} is`)
  }
  const problem = precheck(kernel, plan)
  if (problem) throw stale(file, 'P301', problem.message.replace(/^[^:]*: /, ''))
}
