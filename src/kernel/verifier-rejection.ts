import type { KernelError } from '../model/errors.ts'
import { poisonedCall } from '../model/program-spec.ts'
import type { VerifierLog, VerifierReport } from '../model/verifier.ts'
import { kernelError } from './errno.ts'
import type { ProgramLoad } from './program-load.ts'
import { verifierHint } from './verifier-hints.ts'

/** The error of a program that the verifier refused, with the place in the source as far as the request tells it. */
export function rejection(request: ProgramLoad, refused: Rejection): KernelError {
  const place = refused.report.instruction && request.locate?.(refused.report.instruction.index)
  const report: VerifierReport = place ? { ...refused.report, place } : refused.report
  return kernelError({
    ...refused,
    what: `the verifier rejected it: ${sentence(report.reason, request)}${placeOf(report)}`,
    code: 'K100',
    hint: verifierHint(report.reason, report.registers),
    verifier: report,
  })
}

/** Without its full stop, and with the place where what is not released was taken. */
const sentence = (reason: string, { locate }: ProgramLoad): string =>
  reason.replace(/\.$/, '').replace(/alloc_insn=(\d+)/, (text, taken) => {
    const line = locate?.(Number(taken)).line
    return line ? `${text} (taken at ${line.file}:${line.number})` : text
  })

/**
 * The error where the verifier came to an instruction that stands for something that this kernel (`release`) does not have;
 * undefined where it did not.
 */
export function missing(
  request: ProgramLoad,
  refused: Rejection & { readonly release: string },
): KernelError | undefined {
  const { instruction } = refused.report
  if (!instruction?.text.startsWith('call unknown#')) return undefined
  const poisoned = request.poisoned?.find((each) => each.instruction === instruction.index)
  if (!poisoned) return undefined
  const isType = instruction.text === `call unknown#${poisonedCall}`
  const { missing: what, source } = poisoned
  return kernelError({
    ...refused,
    what: `${what} in Linux ${refused.release}, and ${source ?? `instruction ${instruction.index}`} needs it`,
    code: 'K109',
    hint: isType
      ? 'guard the access with bpf_core_field_exists() and its like, so that it is not reached on kernels without'
      : 'guard the call with bpf_ksym_exists(), so that it is not reached on kernels without',
    verifier: refused.report,
  })
}

/** A refusal, and what the log says of it. */
export interface Rejection {
  readonly command: string
  readonly errno: number | string
  readonly doing: string
  readonly target: string
  readonly log: VerifierLog
  readonly report: VerifierReport
}

function placeOf({ place, source }: VerifierReport): string {
  const inside = place?.function === undefined ? '' : ` in ${place.function}`
  if (place?.line) return `,${inside} at ${place.line.file}:${place.line.number}`
  const at = source === undefined ? '' : ` at "${source}"`
  return inside || at ? `,${inside}${at}` : ''
}
