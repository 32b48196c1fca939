import {
  type Diagnostic,
  KernelError,
  ManifestError,
  PinfoldError,
  PlanError,
  type Problem,
  type VerifierReport,
} from '../../index.ts'
import type { Paint } from '../terminal.ts'
import type { UsageCode } from '../usage-codes.ts'
import { renderDiagnostic, renderHint, whereToRead } from './diagnostic.ts'
import { bytes, counted, visible } from './text.ts'

/** An error for people, in one sentence each, ending in a line break. */
export function renderError(error: unknown, paint: Paint): string {
  if (error instanceof ManifestError || error instanceof PlanError) {
    const complaints = error.diagnostics.map((diagnostic) => `${renderDiagnostic(diagnostic, paint)}\n`)
    if (complaints.length > 0) return complaints.join('')
  }
  return renderProblem(problemOf(error), paint)
}

/** A problem that an apply reported, in the form of an error. */
export function renderProblem({ code, message, hint, verifier }: Problem, paint: Paint): string {
  const report = verifier ? renderReport(verifier, paint) : ''
  return `${paint('red', `error ${code}:`)} ${visible(message)}${report}${renderHint(hint ?? whereToRead(code), paint)}\n`
}

/** Where it happened and what the verifier knew there, then the last useful lines of its log. */
function renderReport(report: VerifierReport, paint: Paint): string {
  const { instruction, registers, place: { line } = {}, source, lines, omitted } = report
  const state = registers.length > 0 ? `, with ${registers.join(' ')}` : ''
  const indented = (text: string): string => `\n    ${paint('dim', visible(text))}`
  return [
    ...(instruction ? [`\n  at instruction ${instruction.index}: ${instruction.text}${state}`] : []),
    ...(line ? [`\n  of ${visible(`${line.file}:${line.number}:${line.column}: ${line.text}`)}`] : []),
    ...(lines.length > 0
      ? [`\n  the end of the verifier's log (${amount(omitted)}--verifier-log FILE writes all of it):`]
      : []),
    ...(line || source === undefined || lines.includes(`; ${source}`)
      ? []
      : [indented(`; ${source}`), indented('...')]),
    ...lines.map(indented),
  ].join('')
}

function amount({ count, unit }: VerifierReport['omitted']): string {
  if (count === 0) return ''
  const text = unit === 'lines' ? counted(count, 'line') : bytes(count)
  return `${text} omitted; `
}

/** Why a command did nothing, or no more. */
export interface ErrorDocument extends Problem {
  readonly type: 'error'
  readonly version: 1
  /** Every single mistake, where it is about several: those of a manifest, what blocks a plan. */
  readonly diagnostics: readonly Diagnostic[]
}

/** An error as one JSON document. */
export function errorDocument(error: unknown): ErrorDocument {
  const diagnostics = error instanceof ManifestError || error instanceof PlanError ? error.diagnostics : []
  return { type: 'error', version: 1, ...problemOf(error), diagnostics }
}

/** An error as data. One that is not pinfold's own is a defect: C100. */
function problemOf(error: unknown): Problem {
  if (!(error instanceof PinfoldError)) return defect(error)
  const { verifier = undefined, log = undefined } = error instanceof KernelError ? error : {}
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(verifier && { verifier }),
    ...(log && { log }),
  }
}

function defect(error: unknown): Problem {
  if ((error as NodeJS.ErrnoException | undefined)?.syscall === 'uv_cwd') return noDirectory
  return {
    code: 'C100',
    message: error instanceof Error ? error.message : String(error),
    hint: 'this is a defect of pinfold; PINFOLD_DEBUG=1 shows where it is',
  }
}

const noDirectory: Problem = {
  code: 'C117' satisfies UsageCode,
  message: 'cannot run pinfold here: the working directory was removed',
  hint: 'change into a directory that exists',
}
