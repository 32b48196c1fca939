import type { ErrorCode } from '../../index.ts'
import type { Paint } from '../terminal.ts'

/** A code with what it means. */
export interface ExplainedCode extends ErrorCode {
  readonly code: string
}

/** What `explain` says. */
export interface CodesDocument {
  readonly type: 'codes'
  readonly version: 1
  /** Those asked for, as asked for; or all, in order. */
  readonly codes: readonly ExplainedCode[]
}

/** The same as a document. */
export const codesDocument = (codes: readonly ExplainedCode[]): CodesDocument => ({ type: 'codes', version: 1, codes })

/** Each code with its explanation below it. */
export const renderCodes = (codes: readonly ExplainedCode[], paint: Paint): string =>
  codes.map(({ code, summary, explanation }) => `${paint('bold', code)} ${summary}\n  ${explanation}\n`).join('')

/** A line for each code. */
export const renderCodeList = (codes: readonly ExplainedCode[], paint: Paint): string =>
  codes.map(({ code, summary }) => `${paint('bold', code)} ${summary}\n`).join('')
