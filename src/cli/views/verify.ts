import type { Candidates, Diagnostic, Judgement, KernelIdentity, Problem, Verification } from '../../index.ts'
import { nameOf } from '../../index.ts'
import type { Milliseconds } from '../../util/measure.ts'
import type { Paint } from '../terminal.ts'
import { renderDiagnostic } from './diagnostic.ts'
import { type ErrorDocument, errorDocument, renderError, renderProblem } from './error.ts'
import { type Column, renderTable } from './table.ts'
import { counted, grouped, milliseconds, shortRelease } from './text.ts'

/** What became of one operand. */
export interface Report extends Verification, Pick<Candidates, 'refused'> {
  /** As the command line has it. */
  readonly file: string
  /** In the order of an apply. */
  readonly judgements: readonly Judgement[]
  /** Why it could not be used at all. */
  readonly error?: Error
}

/** What is known at the end. */
export interface Ending {
  /** All of it, reading included. */
  readonly ms: number
  readonly identity: KernelIdentity
}

/** True when the kernel took everything. */
export const isAccepted = (report: Report): boolean =>
  refusals(report) === 0 && report.problems.length === 0 && !report.error

/** A table of the programs, then what is wrong; ends in an empty line. */
export function renderReport(report: Report, paint: Paint): string {
  const { file, judgements, refused, problems, diagnostics, error } = report
  const table = judgements.length > 0 ? renderTable(columns, judgements.map(cells)).map((line) => `  ${line}\n`) : []
  const complaints = [
    ...(error ? [renderError(error, paint)] : []),
    ...[...refused, ...diagnostics].map((it) => `${renderDiagnostic(it, paint)}\n`),
    ...[...problems, ...judgements.flatMap(problemsOf)].map((problem) => renderProblem(problem, paint)),
  ]
  const isEmpty = table.length + complaints.length === 0
  return `${[`${paint('bold', file)}\n`, ...table, ...complaints, ...(isEmpty ? [empty] : [])].join('')}\n`
}

/** Nobody should take that for a success. */
const empty = '  no programs: a function becomes one by its section, as in SEC("xdp"), and by a row under `programs:`\n'

const columns: readonly Column[] = [
  { title: 'program' },
  { title: 'type' },
  { title: 'attach type' },
  { title: 'tag' },
  { title: 'instructions', align: 'right' },
  { title: 'verified', align: 'right' },
  { title: 'jited', align: 'right' },
  { title: 'time', align: 'right' },
]

function cells(judgement: Judgement): readonly string[] {
  const { address, type, attachType = '', instructions, ms } = judgement
  const known = [nameOf(address), type, attachType]
  const time = milliseconds(ms)
  if (judgement.result === 'refused') return [...known, 'refused', grouped(instructions), '', '', time]
  const { tag, verifiedInstructions, jitedSize } = judgement
  const verified = verifiedInstructions === 0 ? '' : grouped(verifiedInstructions)
  return [...known, tag, grouped(instructions), verified, `${grouped(jitedSize)} B`, time]
}

const problemsOf = (judgement: Judgement): readonly Problem[] =>
  judgement.result === 'refused' ? [judgement.problem] : []

/** One line: how many were accepted, or refused. Ends in a line break. */
export function renderSummary(
  reports: readonly Report[],
  { ms, identity, paint }: Ending & { readonly paint: Paint },
): string {
  const refused = reports.reduce((sum, report) => sum + refusals(report), 0)
  const programs = reports.reduce((sum, { judgements, refused: left }) => sum + judgements.length + left.length, 0)
  const unusable = reports.filter(({ error }) => error).length
  const where = `${identity.kind === 'memory' ? 'in memory' : `kernel ${shortRelease(identity.release)}`}, ${milliseconds(ms)}`
  if (reports.every(isAccepted)) return paint('green', `Accepted: ${counted(programs, 'program')}, ${where}.\n`)
  const files = unusable > 0 ? `, and ${counted(unusable, 'file')} could not be used` : ''
  return paint('red', `Refused: ${refused} of ${counted(programs, 'program')}${files}; ${where}.\n`)
}

const refusals = ({ judgements, refused }: Report): number =>
  judgements.filter(({ result }) => result === 'refused').length + refused.length

/** What a kernel says of every program of some manifests and objects. */
export interface VerificationDocument {
  readonly type: 'verification'
  readonly version: 1
  /** Its release; `memory` for the kernel in memory, which takes everything. */
  readonly kernel: string
  /** It takes all. */
  readonly accepted: boolean
  /** All of it, reading included. */
  readonly ms: Milliseconds
  /** In the order of the command line. */
  readonly files: readonly VerifiedFile[]
}

/** What became of one manifest or object. */
export interface VerifiedFile extends Verification {
  /** As the command line has it. */
  readonly file: string
  /** The kernel takes all of it. */
  readonly accepted: boolean
  /** Those that were given to the kernel, in the order of an apply. */
  readonly programs: readonly VerifiedProgram[]
  /** Programs that could not be given to a kernel at all. */
  readonly refused: readonly Diagnostic[]
  /** Why the file could not be used at all. */
  readonly error?: ErrorDocument
}

/** What the kernel says of one program. */
export type VerifiedProgram = {
  /** As the manifest or the object calls it. */
  readonly name: string
} & Unaddressed<Judgement>

type Unaddressed<T> = T extends unknown ? Omit<T, 'address'> : never

/** All of it as one document. */
export const reportDocument = (reports: readonly Report[], { ms, identity }: Ending): VerificationDocument => ({
  type: 'verification',
  version: 1,
  kernel: identity.kind === 'memory' ? 'memory' : identity.release,
  accepted: reports.every(isAccepted),
  ms,
  files: reports.map(({ file, judgements, refused, problems, diagnostics, error }) => ({
    file,
    accepted: isAccepted({ file, judgements, refused, problems, diagnostics, ...(error && { error }) }),
    programs: judgements.map(({ address, ...judgement }) => ({ name: nameOf(address), ...judgement })),
    refused,
    problems,
    diagnostics,
    ...(error && { error: errorDocument(error) }),
  })),
})
