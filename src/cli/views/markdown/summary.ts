import type { Verdict } from '../../../index.ts'
import { changeRows } from '../change-rows.ts'
import type { PlanDocument } from '../plan-document.ts'
import { counted, grouped, shortRelease } from '../text.ts'
import { prose } from './escape.ts'

/** What a reviewer must know of a plan, in one line: which stack, where, what will happen, how bad it is, and whether it may. */
export function summaryLine(plan: PlanDocument): string {
  const title = plan.action === 'apply' ? 'plan' : plan.action
  const parts = [
    `**pinfold ${title} · ${prose(plan.stack)}**`,
    where(plan),
    generation(plan),
    what(plan),
    drifted(plan),
    permission(plan),
  ]
  return parts.filter((part) => part !== undefined).join(' · ')
}

function where({ kernel: { kind, release }, envelope: { host } }: PlanDocument): string {
  const kernel = `kernel ${prose(shortRelease(release))}`
  return kind === 'memory' ? `${kernel} in memory` : `${prose(host.name)}, ${kernel}`
}

function generation({ generation: { from, to } }: PlanDocument): string {
  return from === to ? `generation ${from}` : `generation ${from} → ${to}`
}

function what(plan: PlanDocument): string {
  const { create, update, replace, delete: gone, keep } = plan.total
  const counts = [
    [create, 'create'],
    [update, 'update'],
    [replace, 'replace'],
    [gone, 'delete'],
  ] as const
  const todo = counts.filter(([count]) => count > 0).map(([count, verb]) => `${grouped(count)} to ${verb}`)
  const first = plan.recovery ? '**an interrupted run is finished first**, ' : ''
  if (todo.length > 0) return `${first}**${todo.join(', ')}**${worst(plan)}`
  if (plan.steps.length > 0) return `${first}**${counted(plan.steps.length, 'step')}**`
  return `${first}no changes, ${counted(keep, 'object')} as declared`
}

/** From the worst on. */
const verdicts: readonly Verdict[] = ['data loss', 'gap', 'overlap', 'atomic']

function worst(plan: PlanDocument): string {
  const found = new Set(changeRows(plan).map(({ verdict }) => verdict))
  const verdict = verdicts.find((each) => found.has(each))
  return verdict === undefined ? '' : ` (at worst: ${strong(verdict)})`
}

/** A verdict; one that somebody may notice stands out. */
export const strong = (verdict: Verdict): string =>
  verdict === 'data loss' || verdict === 'gap' ? `**${verdict}**` : verdict

const drifted = ({ drift = [] }: PlanDocument): string | undefined =>
  drift.length === 0 ? undefined : `**drift: ${counted(drift.length, 'difference')}**`

/** Nothing where there is nothing to permit. */
function permission({ diagnostics, steps }: PlanDocument): string | undefined {
  const codes = (kind: string): string => {
    const found = diagnostics.filter((it) => (it.silenced === undefined ? it.severity : 'silenced') === kind)
    return [...new Set(found.map(({ code }) => code))].join(', ')
  }
  const [errors, warnings, silenced] = [codes('error'), codes('warning'), codes('silenced')]
  if (errors !== '') return `**BLOCKED by ${errors}**`
  const noted = [...(warnings ? [`warnings: ${warnings}`] : []), ...(silenced ? [`silenced: ${silenced}`] : [])]
  return noted.length > 0 || steps.length > 0 ? ['not blocked', ...noted].join(', ') : undefined
}
