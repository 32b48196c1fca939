import type { Plan, RecoveryPlan, Unconfirmed } from '../../index.ts'
import type { Envelope } from '../envelope.ts'
import { renderUnconfirmed } from './confirmation.ts'
import { type PlanView, renderPlan } from './plan.ts'
import type { PlanDocument } from './plan-document.ts'
import { renderRecovery } from './recovery.ts'

/** A plan, and what stands before it. */
export interface Planning {
  readonly plan: Plan
  readonly recovery?: Pick<RecoveryPlan, 'stack' | 'leftovers'> | undefined
  readonly unconfirmed?: Unconfirmed | undefined
}

/** What has to be done first, what awaits confirmation, and the plan, for people; ends in a line break. */
export function renderPlanning({ plan, recovery, unconfirmed }: Planning, view: PlanView): string {
  const parts = [
    ...(recovery ? [renderRecovery(recovery, view.paint)] : []),
    ...(unconfirmed ? [renderUnconfirmed(plan.stack, unconfirmed)] : []),
    renderPlan(plan, view),
  ]
  return parts.join('\n')
}

/** Says where a plan was saved, and what it is good for; ends in a line break. */
export function renderSaved(file: string, { stack, recovery, unconfirmed, diagnostics }: PlanDocument): string {
  if (recovery || unconfirmed)
    return `\nSaved as ${file}, but not to be applied: pinfold recover ${stack} or confirm comes first, then another plan.\n`
  if (diagnostics.some(({ severity }) => severity === 'error'))
    return `\nSaved as ${file}, but not to be applied: what stands above forbids it.\n`
  return `\nSaved as ${file}: pinfold apply ${file} does exactly that, once.\n`
}

/** Says what a saved plan comes from; ends in a line break. */
export function renderOrigin({ tool, time, host, bpffs, manifest }: Envelope): string {
  const from = manifest ? ` from ${manifest.file}` : ''
  const where = bpffs === '/sys/fs/bpf' ? host.name : `${host.name}, ${bpffs}`
  return `Saved plan, made ${time} by ${tool}${from} for ${where}.\n`
}
