import type { Action, KernelIdentity, Ledger, Plan, Verdict } from '../../index.ts'
import type { Paint, Style } from '../terminal.ts'
import { changeRows, symbols } from './change-rows.ts'
import { renderDiagnostic } from './diagnostic.ts'
import { countChanges } from './plan-document.ts'
import { renderBlocked, renderSteps } from './steps.ts'
import { counted, shortRelease } from './text.ts'

export interface PlanView {
  readonly identity: Pick<KernelIdentity, 'kind' | 'release'>
  readonly paint: Paint
  /** List every step with the holders of each array after it. */
  readonly steps?: boolean
  /** What differs in detail, as text. */
  readonly details?: string | undefined
}

/** A plan for people: header, changes in columns, total, the proof in one line, risks. Ends in a line break. */
export function renderPlan(plan: Plan, { identity, paint, steps = false, details }: PlanView): string {
  const parts = [
    header(plan, identity, paint),
    hasWork(plan) ? [...changeLines(plan, paint), '', totalLine(plan)].join('\n') : noChanges(plan, paint),
  ]
  const last = parts.length - 1
  for (const line of [protectionLine(plan), renderLedger(plan.ledger), driftLine(plan), confirmLine(plan)])
    if (line) parts[last] += `\n${line}`
  if (details !== undefined && hasWork(plan)) parts.push(details)
  if (steps && plan.steps.length > 0) parts.push(renderSteps(plan, paint))
  if (plan.diagnostics.length > 0) parts.push(plan.diagnostics.map((it) => renderDiagnostic(it, paint)).join('\n'))
  return `${parts.join('\n\n')}\n`
}

const hasWork = (plan: Plan): boolean =>
  plan.steps.length > 0 || [...plan.changes, ...(plan.pins ?? [])].some((it) => it.action !== 'keep')

function header(plan: Plan, identity: PlanView['identity'], paint: Paint): string {
  const { from, to } = plan.generation
  const kernel = `kernel ${shortRelease(identity.release)}${identity.kind === 'memory' ? ' in memory' : ''}`
  const generation = from === to ? `generation ${from}` : `generation ${from} -> ${to}`
  const title = plan.action === 'apply' ? 'plan' : plan.action
  return [paint('bold', `pinfold ${title}`), paint('bold', plan.stack), kernel, generation].join(' · ')
}

const colours: Readonly<Record<Action, Style>> = {
  keep: 'dim',
  create: 'green',
  update: 'yellow',
  replace: 'yellow',
  delete: 'red',
}

function changeLines(plan: Plan, paint: Paint): string[] {
  const rows = changeRows(plan)
  const nameWidth = longest(rows.map(({ name }) => name)) + 3
  const reasonWidth = longest(rows.flatMap(({ verdict, blocked, reason }) => (verdict || blocked ? [reason] : []))) + 3
  const verdictWidth = longest(rows.map(({ verdict = '' }) => verdict)) + 3
  return rows.map(({ action, kind, name, reason, verdict, blocked }) => {
    const symbol = `${symbols[action].padStart(action === 'replace' ? 4 : 3)} `
    const what = `${symbol}${kind}`.padEnd(13).slice(symbol.length)
    const line = `${paint(colours[action], symbol)}${what}${name.padEnd(nameWidth)}${reason.padEnd(reasonWidth)}`
    const gap = ' '.repeat(verdictWidth - (verdict?.length ?? 0))
    return `${line}${paintVerdict(verdict, paint)}${gap}${renderBlocked(blocked, paint)}`.trimEnd()
  })
}

const longest = (texts: readonly string[]): number => Math.max(0, ...texts.map((text) => text.length))

function paintVerdict(verdict: Verdict | undefined, paint: Paint): string {
  if (!verdict) return ''
  return paint(verdict === 'data loss' ? 'red' : verdict === 'gap' ? 'yellow' : 'green', verdict)
}

function totalLine(plan: Plan): string {
  if (plan.action === 'import') return importLine(plan)
  const { create, update, replace, delete: gone, keep } = countChanges(plan)
  const todo = [`${create} to create`, `${update} to update`, `${replace} to replace`, `${gone} to delete`]
  return `Plan: ${[...todo, `${keep} kept`].join(', ')}.`
}

/** What becomes of the protection of the whole stack. */
export function protectionLine({ protection }: Pick<Plan, 'protection'>): string | undefined {
  if (protection === undefined) return undefined
  return protection === 'set' ? 'The stack is protected from now on.' : 'The stack is not protected any more.'
}

/** That something drifted. */
export const driftLine = ({ drift = [] }: Pick<Plan, 'drift'>): string | undefined =>
  drift.length === 0
    ? undefined
    : `Drift: ${counted(drift.length, 'difference')} from what was last applied; pinfold plan --drift-only tells by whom.`

/** That it has to be confirmed. */
export function confirmLine({ stack, generation, confirmWithin }: Plan): string | undefined {
  if (confirmWithin === undefined) return undefined
  const back = generation.from === 0 ? 'removed again' : `taken back to generation ${generation.from}`
  return `To be confirmed: without pinfold confirm ${stack} within ${confirmWithin / 1000} s it is ${back}.`
}

/** Nothing is made but names. */
function importLine({ steps }: Plan): string {
  const pins = steps.filter(({ kind }) => kind === 'link-pin' || kind === 'pin').length
  return `Import: ${counted(pins, 'object')} pinned in the stack's tree as well; nothing is made, changed or detached.`
}

function noChanges(plan: Plan, paint: Paint): string {
  const { keep } = countChanges(plan)
  if (plan.action === 'destroy' && keep > 0) return [...changeLines(plan, paint), '', nothingToDestroy(keep)].join('\n')
  return keep === 0 ? 'No changes.' : `No changes. ${counted(keep, 'object')} as declared.`
}

const nothingToDestroy = (kept: number): string =>
  `Nothing to destroy: ${counted(kept, 'object')} kept; --purge removes what is kept, too.`

/** The proof in one line; nothing where no map needs a holder. */
export function renderLedger(ledger: Ledger): string | undefined {
  // An array and the one that takes its place are one to the reader.
  const count = new Set(ledger.arrays.map((array) => array.replace(/^(live|next):/, ''))).size
  if (count === 0) return undefined
  const arrays = `Tail calls: ${counted(count, 'array')}`
  const lost = ledger.rows.find((row) => row.holders.some((it) => it.reachable && it.pins.length === 0 && !it.open))
  if (lost) return `${arrays}, NOT held after step ${lost.step + 1}.`
  const fragile = ledger.rows.find((row) => row.holders.some((it) => it.reachable && it.pins.length === 0))
  if (fragile) return `${arrays}, held at every step, but NOT after a crash at step ${fragile.step + 1}.`
  return ledger.rows.length === 0
    ? `${arrays}, held.`
    : `${arrays}, held at every step and after a crash at every step.`
}
