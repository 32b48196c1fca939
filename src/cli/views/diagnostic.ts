import type { Diagnostic } from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { visible } from './text.ts'

/** `edge.yaml:12:7: error M104 Unknown map: …`, the hint on a line of its own; without a final line break. */
export function renderDiagnostic(diagnostic: Diagnostic, paint: Paint): string {
  const { severity, code, summary, detail, hint, silenced } = diagnostic
  const what = `${place(diagnostic, paint)}${label(diagnostic, paint)} ${summary}: ${visible(detail)}`
  if (silenced !== undefined) return `${what}\n  ${paint('cyan', 'reason:')} ${visible(silenced)}`
  const advice = hint ?? (severity === 'error' ? whereToRead(code) : undefined)
  return `${what}${renderHint(advice, paint)}`
}

function label(diagnostic: Diagnostic, paint: Paint): string {
  const { severity, code, silenced } = diagnostic
  if (silenced !== undefined) return paint('dim', `silenced ${code}`)
  return `${paint(severity === 'error' ? 'red' : 'yellow', `${severity} ${code}`)}${decision(diagnostic)}`
}

/** What the user made of it. */
export const decision = ({ denied, lowered }: Diagnostic): string => (denied ? ' (--deny)' : lowered ? ' (--warn)' : '')

/** The hint of an error that brings none. */
export const whereToRead = (code: string): string => `pinfold explain ${code} says more`

/** A hint on its own, indented line, or nothing. */
export const renderHint = (hint: string | undefined, paint: Paint): string =>
  hint === undefined ? '' : `\n  ${paint('cyan', 'hint:')} ${visible(hint)}`

function place({ at, address }: Diagnostic, paint: Paint): string {
  if (at) return `${paint('bold', `${visible(at.file)}:${at.line}:${at.column}:`)} `
  return address ? `${paint('bold', `${visible(address)}:`)} ` : ''
}
