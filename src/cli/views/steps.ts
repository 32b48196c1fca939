import type { Holders, Phase, Plan } from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { stepPhrase } from './step-phrase.ts'

/** What a failure in each phase means. */
const phaseTitles: Readonly<Record<Phase, string>> = {
  prepare: 'Prepare: nothing live is touched',
  switch: 'Switch: live objects change, each step can be undone',
  publish: 'Publish: the new tree takes the place of the old',
  retire: 'Retire: what the old generation left goes',
}

/** Every step with its number and, after it, who holds each array. */
export const renderSteps = (plan: PlannedSteps, paint: Paint): string => stepBlocks(plan, { paint }).join('\n')

export interface StepView {
  readonly paint: Paint
  /** Who holds an array is said only where it is not what was said last. */
  readonly onlyNews?: boolean
}

/** The steps and the proof of a plan. */
export type PlannedSteps = Pick<Plan, 'steps' | 'ledger'>

/** The lines of each step; a phase's title stands above those of its first one. */
export function stepBlocks(plan: PlannedSteps, { paint, onlyNews = false }: StepView): readonly string[] {
  const said = new Map<string, string>()
  const isNews = ({ array }: Holders, line: string): boolean => {
    const last = said.get(array)
    said.set(array, line)
    return last !== line
  }
  const width = String(plan.steps.length).length
  const rows = new Map(plan.ledger.rows.map((row) => [row.step, row.holders]))
  return plan.steps.map((step, index) => {
    const begins = step.phase !== plan.steps[index - 1]?.phase
    const holders = (rows.get(index) ?? []).filter(exists).map((it) => ({ it, line: holdersLine(it) }))
    const shown = holders.filter(({ it, line }) => !onlyNews || isNews(it, line))
    return [
      ...(begins ? [paint('bold', phaseTitles[step.phase])] : []),
      `  ${String(index + 1).padStart(width)}. ${stepPhrase(step)}${step.blocked ? `   ${renderBlocked(step.blocked, paint)}` : ''}`,
      ...shown.map(({ line }) => paint('dim', `  ${' '.repeat(width)}    ${line}`)),
    ].join('\n')
  })
}

/** Behind a change or step that may not be; nothing behind others. */
export const renderBlocked = (code: string | undefined, paint: Paint): string =>
  code === undefined ? '' : paint('red', `BLOCKED ${code}`)

/** One that nobody holds and nothing reaches is gone, or not there yet. */
const exists = ({ reachable, pins, open }: Holders): boolean => reachable || open || pins.length > 0

function holdersLine({ array, reachable, pins, open }: Holders): string {
  const holders = [...pins, ...(open ? ['this process'] : [])]
  const held = holders.length > 0 ? `held by ${holders.join(', ')}` : 'held by nobody'
  return `${arrayName(array)}: ${held}${reachable ? '' : ' (no live program reaches it)'}`
}

/** `live:map.jmp` as `map.jmp (live)`. */
const arrayName = (array: string): string => array.replace(/^(live|next):(.*)$/, '$2 ($1)')
