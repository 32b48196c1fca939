import type { ApplyEvent } from '../index.ts'
import type { Paint, Terminal } from './terminal.ts'
import { renderEvent, renderRunning } from './views/progress.ts'

export interface ProgressView {
  readonly terminal: Terminal
  /** How many there are in all. */
  readonly steps: number
  readonly paint: Paint
}

const clearLine = '\r\x1b[K'

/** Shows an event: on a terminal in one line that changes, with a line for each thing worth keeping; else in a line each. */
export function showProgress(event: ApplyEvent, { terminal, steps, paint }: ProgressView): void {
  const { interactive, columns, write } = terminal
  if (interactive && event.type === 'step-started') {
    write(`${clearLine}${renderRunning(event, steps).slice(0, columns - 1)}`)
    return
  }
  const passing = interactive && event.type === 'step-finished'
  const line = passing ? undefined : renderEvent(event, steps, paint)
  if (line !== undefined) write(`${interactive ? clearLine : ''}${line}\n`)
  else if (interactive && event.type === 'finished') write(clearLine)
}
