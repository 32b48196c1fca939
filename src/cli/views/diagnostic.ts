import type { Diagnostic } from '../../index.ts'
import type { Paint } from '../terminal.ts'

/** `edge.yaml:12:7: error M104 Unknown map: …`, the hint on a line of its own; without a final line break. */
export function renderDiagnostic(diagnostic: Diagnostic, paint: Paint): string {
  const { severity, code, summary, detail, hint } = diagnostic
  const label = paint(severity === 'error' ? 'red' : 'yellow', `${severity} ${code}`)
  const advice = hint ?? (severity === 'error' ? whereToRead(code) : undefined)
  return `${place(diagnostic, paint)}${label} ${summary}: ${detail}${renderHint(advice, paint)}`
}

/** The hint of an error that brings none. */
export const whereToRead = (code: string): string => `docs/errors.md says more about ${code}`

/** A hint on its own, indented line, or nothing. */
export const renderHint = (hint: string | undefined, paint: Paint): string =>
  hint === undefined ? '' : `\n  ${paint('cyan', 'hint:')} ${hint}`

function place({ at, address }: Diagnostic, paint: Paint): string {
  if (at) return `${paint('bold', `${at.file}:${at.line}:${at.column}:`)} `
  return address ? `${paint('bold', `${address}:`)} ` : ''
}
