import { nearest } from '../../util/nearest.ts'
import { allCodes } from '../all-codes.ts'
import type { Invocation } from '../arguments.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { paintOf, say } from '../say.ts'
import type { Terminal } from '../terminal.ts'
import { UsageError } from '../usage-error.ts'
import { codesDocument, type ExplainedCode, renderCodeList, renderCodes } from '../views/codes.ts'

/** Says what codes mean; without any it lists them. Works anywhere, without a kernel. */
export function explain({ operands = [], options }: Invocation, terminal: Terminal): ExitCode {
  const all = allCodes()
  const wanted = operands.length > 0 ? operands.map((word) => word.toUpperCase()) : [...all.keys()]
  const codes = wanted.map((code): ExplainedCode => ({ code, ...meaningOf(code, all) }))
  const render = operands.length > 0 ? renderCodes : renderCodeList
  const speaker = { options, terminal }
  say(speaker, codesDocument(codes), render(codes, paintOf(speaker)))
  return exitCodes.success
}

function meaningOf(code: string, all: ReturnType<typeof allCodes>): Omit<ExplainedCode, 'code'> {
  const found = all.get(code)
  if (found) return { summary: found.summary, explanation: found.explanation }
  const close = nearest(code, all.keys())
  throw new UsageError(`cannot explain ${code}: there is no such code`, {
    code: 'C140',
    hint: close === undefined ? 'pinfold explain lists them all' : `did you mean ${close}?`,
  })
}
