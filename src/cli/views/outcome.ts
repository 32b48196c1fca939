import type { Outcome, Plan } from '../../index.ts'
import type { Paint, Style } from '../terminal.ts'
import { renderDiagnostic } from './diagnostic.ts'
import { renderProblem } from './error.ts'
import { stepPhrase } from './step-phrase.ts'
import { counted } from './text.ts'

export interface OutcomeView {
  readonly plan: Pick<Plan, 'action' | 'stack' | 'steps' | 'generation'>
  /** Milliseconds. */
  readonly duration: number
  readonly paint: Paint
  /** It was a saved plan, which is good for one use. */
  readonly isSaved?: boolean
}

/**
 * How an apply ended: the problem and a closing line; where live objects were touched and it did not end well, what was
 * done, undone and left, and the command that finishes the job. Ends in a line break.
 */
export function renderOutcome(outcome: Outcome, view: OutcomeView): string {
  const { paint } = view
  const problems = [...(outcome.problem ? [outcome.problem] : []), ...(outcome.alsoFailed ?? [])]
  const problem = problems.map((one) => renderProblem(one, paint)).join('')
  const diagnostics = outcome.diagnostics.map((it) => `${renderDiagnostic(it, paint)}\n`).join('')
  const table = touchedLive.has(outcome.result) ? [...accountLines(outcome, view), ...leftLines(outcome, paint)] : []
  const lines = [closing(outcome, view), ...table, ...finishLines(outcome, view)]
  return `${problem}${diagnostics}${lines.map((line) => `${line}\n`).join('')}`
}

const touchedLive: ReadonlySet<Outcome['result']> = new Set(['done-kept', 'rolled-back', 'incomplete'])

function closing(
  outcome: Outcome,
  { plan: { action, stack, steps, generation }, duration, paint }: OutcomeView,
): string {
  const what = action === 'destroy' ? keptOf(generation.to) : `, generation ${outcome.generation}`
  const effort = `${counted(steps.length, 'step')} in ${elapsed(duration)}`
  switch (outcome.result) {
    case 'done':
      return paint('green', `${done[action]} ${stack}${what}: ${effort}.`)
    case 'done-kept':
      return paint('yellow', `${done[action]} ${stack}, but something is still used by others and was kept: ${effort}.`)
    case 'nothing-changed':
      return 'Nothing was changed.'
    case 'stale':
      return 'The live state changed meanwhile; everything was undone. Plan again.'
    case 'rolled-back':
      return outcome.generation === 0
        ? `Everything was undone: there is no stack ${stack}, as before.`
        : `Everything was undone: ${stack} is as it was, generation ${outcome.generation}.`
    case 'incomplete':
      return paint('red', `Not finished: ${stack} is between two states.`)
  }
}

const keptOf = (generation: number): string => (generation === 0 ? '' : ', but for what is kept')

const done = {
  apply: 'Applied',
  confirm: 'Confirmed',
  import: 'Imported',
  rollback: 'Rolled back',
  destroy: 'Destroyed',
  recover: 'Recovered',
  repair: 'Repaired',
  forget: 'Took that out of',
} as const

const elapsed = (milliseconds: number): string =>
  milliseconds < 1000 ? `${Math.ceil(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`

type Fate = 'done' | 'undone' | 'failed'

const fates: Readonly<Record<Fate | 'left', { readonly label: string; readonly style: Style }>> = {
  done: { label: 'done  ', style: 'green' },
  undone: { label: 'undone', style: 'dim' },
  failed: { label: 'failed', style: 'red' },
  left: { label: 'left  ', style: 'yellow' },
}

const row = (fate: Fate | 'left', text: string, paint: Paint): string =>
  `  ${paint(fates[fate].style, fates[fate].label)}  ${text}`

/** A row for each step that touched something live or failed; the others of one fate and phase in one row. */
function accountLines({ account }: Outcome, { plan, paint }: OutcomeView): string[] {
  if (!account) return []
  const lines = new Map<string, { readonly fate: Fate; readonly steps: number[] }>()
  for (const [index, step] of plan.steps.entries()) {
    const fate = (['done', 'undone', 'failed'] as const).find((it) => account[it].includes(index))
    if (!fate) continue
    const alone = fate === 'failed' || step.phase === 'switch' || step.phase === 'publish'
    const key = alone ? String(index) : `${step.phase} ${fate}`
    const line = lines.get(key) ?? { fate, steps: [] }
    line.steps.push(index)
    lines.set(key, line)
  }
  return [...lines.values()].map(({ fate, steps }) => row(fate, stepsText(steps, plan.steps), paint))
}

function stepsText(indexes: readonly number[], steps: Plan['steps']): string {
  const step = steps[indexes[0] ?? 0]
  if (!step) return ''
  return indexes.length === 1 ? stepPhrase(step) : `${counted(indexes.length, 'step')} that ${purposes[step.phase]}`
}

const purposes: Readonly<Record<Plan['steps'][number]['phase'], string>> = {
  prepare: 'prepared the new generation',
  switch: 'switched to it',
  publish: 'published it',
  retire: 'removed old objects',
}

const leftLines = ({ left }: Outcome, paint: Paint): string[] => left.map((sentence) => row('left', sentence, paint))

/** What to run next; after a rollback of everything that is the same command once more. */
function finishLines({ result, finish }: Outcome, { plan: { stack }, isSaved }: OutcomeView): string[] {
  if (finish === undefined || !touchedLive.has(result)) return []
  if (isSaved && finish === 'apply') return ['To try again: save another plan, this one is used']
  const when = result === 'rolled-back' ? 'To try again' : result === 'done-kept' ? 'Once it is free' : 'To finish'
  return [`${when}: pinfold ${finish}${finish === 'recover' || finish === 'destroy' ? ` ${stack}` : ''}`]
}
