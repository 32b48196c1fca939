import type { ApplyEvent, Outcome } from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { renderDiagnostic } from './diagnostic.ts'
import { renderProblem } from './error.ts'
import { stepPhrase } from './step-phrase.ts'
import { counted } from './text.ts'

/** The line that an event leaves behind; undefined for those that leave none. Ends without a line break. */
export function renderEvent(event: ApplyEvent, steps: number, paint: Paint): string | undefined {
  switch (event.type) {
    case 'step-finished':
      return `${counter(event.index, steps)} ${stepPhrase(event.step)}`
    case 'step-failed':
      return `${counter(event.index, steps)} ${stepPhrase(event.step)}: ${paint('red', 'failed')}`
    case 'step-left-out':
      return `${counter(event.index, steps)} ${stepPhrase(event.step)}: ${paint('yellow', 'left out')}, ${event.because}`
    case 'undone':
      return `${undoMark(steps)} ${stepPhrase(event.operation)}`
    case 'undo-failed':
      return `${undoMark(steps)} ${stepPhrase(event.operation)}: ${paint('red', 'failed')}, ${event.problem.message}`
    default:
      return undefined
  }
}

/** What is happening now, for a terminal's one updating line. */
export const renderRunning = (event: ApplyEvent & { readonly type: 'step-started' }, steps: number): string =>
  `${counter(event.index, steps)} ${stepPhrase(event.step)} …`

function counter(index: number, steps: number): string {
  const width = String(steps).length
  return `  [${String(index + 1).padStart(width)}/${steps}]`
}

const undoMark = (steps: number): string => `  ${'undo'.padEnd(2 * String(steps).length + 3)}`

export interface OutcomeView {
  readonly action: 'apply' | 'destroy' | 'recover'
  readonly stack: string
  readonly steps: number
  /** Milliseconds. */
  readonly duration: number
  readonly paint: Paint
}

/** How an apply ended: the problem, what is left, and a closing line. Ends in a line break. */
export function renderOutcome(outcome: Outcome, view: OutcomeView): string {
  const { paint } = view
  const problem = outcome.problem ? renderProblem(outcome.problem, paint) : ''
  const diagnostics = outcome.diagnostics.map((it) => `${renderDiagnostic(it, paint)}\n`).join('')
  const left = outcome.left.map((sentence) => `  ${paint('yellow', 'left:')} ${sentence}\n`).join('')
  return `${problem}${diagnostics}${closing(outcome, view)}\n${left}`
}

function closing(outcome: Outcome, { action, stack, steps, duration, paint }: OutcomeView): string {
  const what = action === 'destroy' ? 'the stack' : `generation ${outcome.generation}`
  const effort = `${counted(steps, 'step')} in ${elapsed(duration)}`
  switch (outcome.result) {
    case 'done':
      return paint('green', `${done[action]} ${stack}${action === 'destroy' ? '' : `, ${what}`}: ${effort}.`)
    case 'done-kept':
      return paint('yellow', `${done[action]} ${stack}, but something is still used by others and was kept: ${effort}.`)
    case 'nothing-changed':
      return 'Nothing was changed.'
    case 'stale':
      return 'The live state changed meanwhile; everything was undone. Plan again.'
    case 'rolled-back':
      return outcome.generation === 0
        ? `Rolled back: there is no stack ${stack}, as before.`
        : `Rolled back: ${stack} is as it was, generation ${outcome.generation}.`
    case 'incomplete':
      return paint(
        'red',
        `Not finished: ${stack} is between two states. Run pinfold ${action === 'destroy' ? 'destroy' : 'apply'} again.`,
      )
  }
}

const done = { apply: 'Applied', destroy: 'Destroyed', recover: 'Recovered' } as const

const elapsed = (milliseconds: number): string =>
  milliseconds < 1000 ? `${Math.ceil(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`
