import { KernelError, ManifestError, PinfoldError, PlanError, type Problem, summarizeLog } from '../../index.ts'
import type { Paint } from '../terminal.ts'
import { renderDiagnostic, renderHint, whereToRead } from './diagnostic.ts'

/** An error for people, in one sentence each, ending in a line break. */
export function renderError(error: unknown, paint: Paint): string {
  if (error instanceof ManifestError || error instanceof PlanError) {
    const complaints = error.diagnostics.map((diagnostic) => `${renderDiagnostic(diagnostic, paint)}\n`)
    if (complaints.length > 0) return complaints.join('')
  }
  return renderProblem(problemOf(error), paint)
}

/** A problem that an apply reported, in the form of an error. */
export function renderProblem({ code, message, hint, log }: Problem, paint: Paint): string {
  return `${paint('red', `error ${code}:`)} ${message}${log ? renderLog(log, paint) : ''}${renderHint(hint ?? whereToRead(code), paint)}\n`
}

/** The last useful lines of a verifier's log, and the source line where they hold none. */
function renderLog(log: string, paint: Paint): string {
  const { lines = [], source } = summarizeLog(log) ?? {}
  if (lines.length === 0) return ''
  const above = source === undefined || lines.includes(`; ${source}`) ? [] : [`; ${source}`, '...']
  const shown = [...above, ...lines].map((line) => `\n    ${paint('dim', line)}`)
  return `\n  the end of the verifier's log (--verifier-log FILE writes all of it):${shown.join('')}`
}

/** An error as one JSON document. */
export function errorDocument(error: unknown): object {
  const diagnostics = error instanceof ManifestError || error instanceof PlanError ? error.diagnostics : []
  return { type: 'error', ...problemOf(error), diagnostics }
}

/** An error as data. One that is not pinfold's own is a defect: C100. */
function problemOf(error: unknown): Problem {
  if (!(error instanceof PinfoldError)) return defect(error)
  const log = error instanceof KernelError ? error.log : undefined
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(log === undefined ? {} : { log }),
  }
}

const defect = (error: unknown): Problem => ({
  code: 'C100',
  message: error instanceof Error ? error.message : String(error),
  hint: 'this is a defect of pinfold; PINFOLD_DEBUG=1 shows where it is',
})
