import type { ApplyEvent } from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { stepPhrase } from './step-phrase.ts'
import { grouped } from './text.ts'

/** The line that an event leaves behind; undefined for those that leave none. Ends without a line break. */
export function renderEvent(event: ApplyEvent, steps: number, paint: Paint): string | undefined {
  switch (event.type) {
    case 'step-finished':
      return `${counter(event.index, steps)} ${stepPhrase(event.step)}`
    case 'step-failed':
      return `${counter(event.index, steps)} ${stepPhrase(event.step)}: ${paint('red', 'failed')}`
    case 'step-left-out':
      return `${counter(event.index, steps)} ${stepPhrase(event.step)}: ${paint('yellow', 'left out')}, ${event.because}`
    case 'migrated':
      return `  ${event.map}: ${migratedPhrase(event)}`
    case 'undone':
      return `${undoMark(steps)} ${stepPhrase(event.operation)}`
    case 'undo-failed':
      return `${undoMark(steps)} ${stepPhrase(event.operation)}: ${paint('red', 'failed')}, ${event.problem.message}`
    default:
      return undefined
  }
}

/** What became of a map's entries: `1,204 entries copied, 12 merged, 0 conflicting, 0 dropped`. */
function migratedPhrase({ copied, merged, conflicting, dropped }: ApplyEvent & { readonly type: 'migrated' }): string {
  const entries = `${grouped(copied)} ${copied === 1 ? 'entry' : 'entries'} copied`
  return `${entries}, ${grouped(merged)} merged, ${grouped(conflicting)} conflicting, ${grouped(dropped)} dropped`
}

/** What is happening now, for a terminal's one updating line. */
export const renderRunning = (event: ApplyEvent & { readonly type: 'step-started' }, steps: number): string =>
  `${counter(event.index, steps)} ${stepPhrase(event.step)} …`

function counter(index: number, steps: number): string {
  const width = String(steps).length
  return `  [${String(index + 1).padStart(width)}/${steps}]`
}

const undoMark = (steps: number): string => `  ${'undo'.padEnd(2 * String(steps).length + 3)}`
