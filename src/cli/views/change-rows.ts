import { type Action, type Change, kindOf, nameOf, type PinChange, type Verdict } from '../../index.ts'
import type { PlanDocument } from './plan-document.ts'
import { renderPinReason, renderReason } from './reason.ts'

/** One change as the columns of its line, in text and in markdown. */
export interface ChangeRow {
  readonly action: Action
  /** `map`, `program`, `link` or `pin`. */
  readonly kind: string
  /** Without its kind; of a pin its path. */
  readonly name: string
  /** What happens and why. */
  readonly reason: string
  readonly verdict?: Verdict | undefined
  /** The code of what forbids it. */
  readonly blocked?: string | undefined
  /** Something becomes of an object that stays: its address, its protection. */
  readonly isNews?: boolean
}

/** What a view needs of a plan to list its changes: also of one that was saved. */
export type ChangesOfPlan = Pick<PlanDocument, 'action' | 'changes' | 'pins' | 'existing'>

/** The changes of a plan, pins outside of the stack's directory last. */
export const changeRows = (plan: ChangesOfPlan): readonly ChangeRow[] => [
  ...plan.changes.map((change) => rowOf(change, plan)),
  ...(plan.pins ?? []).map((pin) => pinRow(pin, plan)),
]

/** Each action as in a diff. */
export const symbols: Readonly<Record<Action, string>> = {
  keep: '=',
  create: '+',
  update: '~',
  replace: '+/-',
  delete: '-',
}

const rowOf = (change: Change, plan: ChangesOfPlan): ChangeRow => ({
  action: change.action,
  kind: kindOf(change.address),
  name: nameOf(change.address),
  reason: renderReason(change, plan),
  verdict: change.verdict,
  blocked: change.blocked,
  isNews: (change.movedFrom ?? change.protection) !== undefined,
})

const pinRow = (pin: PinChange, plan: ChangesOfPlan): ChangeRow => ({
  action: pin.action,
  kind: 'pin',
  name: pin.path,
  reason: renderPinReason(pin, plan),
  verdict: pin.action === 'update' ? 'atomic' : undefined,
})
