import type { Machine } from '../model/machine.ts'
import { poisonedCall } from '../model/program-spec.ts'
import { logTrueSize, programLoadAttr } from './attr-program.ts'
import { findAttachment, type KernelAttachment } from './btf-ids.ts'
import { kernelError } from './errno.ts'
import type { ProgramLoad } from './kernel.ts'
import { is, tryBpfAsync } from './syscall.ts'
import { firstLogSize, nextLogSize, summarizeLog } from './verifier-log.ts'

/**
 * BPF_PROG_LOAD on the thread pool; the descriptor. A log costs the verifier much, so the first attempt goes without;
 * after a refusal it is asked again with one. Throws a KernelError: K100 with the log where the verifier complained.
 */
export async function loadProgram(request: ProgramLoad, machine: Machine): Promise<number> {
  const { attachTo, type } = request.load
  const extra = attachTo === undefined ? {} : { attachment: findAttachment(attachTo, type, machine) }
  const result = await tryBpfAsync('BPF_PROG_LOAD', programLoadAttr(request, extra))
  if (result >= 0) return result
  const again = await loadWithLog(request, extra)
  if (again.result >= 0) return again.result
  throw missingError(request, { errno: -result, log: again.log, machine }) ?? refusal(request, -result, again.log)
}

interface LoggedLoad {
  readonly result: number
  readonly log: string
}

async function loadWithLog(request: ProgramLoad, extra: { attachment?: KernelAttachment }): Promise<LoggedLoad> {
  let size = firstLogSize
  for (;;) {
    const log = Buffer.alloc(size)
    const attr = programLoadAttr(request, { ...extra, log })
    const result = await tryBpfAsync('BPF_PROG_LOAD', attr)
    // ENOSPC: cut off. From Linux 6.4 on a short log keeps its end, where the complaint is; before that its beginning.
    const larger = is(result, 'ENOSPC') ? nextLogSize(size, logTrueSize(attr)) : undefined
    if (larger === undefined) return { result, log: textOf(log) }
    size = larger
  }
}

function textOf(log: Buffer): string {
  const end = log.indexOf(0)
  return log.toString('utf8', 0, end < 0 ? log.length : end)
}

interface LoadRefusal {
  readonly errno: number
  readonly log: string
  readonly machine: Machine
}

/** The verifier came to an instruction that stands for something that this kernel does not have. */
function missingError(request: ProgramLoad, { errno, log, machine }: LoadRefusal): Error | undefined {
  const reached = poisonedAt(log)
  const poisoned = request.poisoned?.find(({ instruction }) => instruction === reached)
  if (!poisoned) return undefined
  const { missing, source } = poisoned
  return kernelError({
    command: 'BPF_PROG_LOAD',
    errno,
    doing: `load program ${request.name}`,
    target: request.name,
    what: `${missing} in Linux ${machine.release}, and ${source ?? `instruction ${reached}`} needs it`,
    code: 'K109',
    hint: 'guard the access with bpf_core_field_exists() and its like, so that it is not reached on kernels without',
    log,
  })
}

/** Index of the instruction without meaning at which a log ends. */
function poisonedAt(log: string): number | undefined {
  const [, index] = new RegExp(`^(\\d+): \\(85\\) call unknown#${poisonedCall}$`, 'm').exec(log) ?? []
  return index === undefined ? undefined : Number(index)
}

function refusal(request: ProgramLoad, errno: number, log: string): Error {
  const summary = summarizeLog(log)
  const failure = { command: 'BPF_PROG_LOAD', errno, doing: `load program ${request.name}`, target: request.name }
  if (!summary) return kernelError(failure)
  const source = summary.source === undefined ? '' : `, at "${summary.source}"`
  return kernelError({
    ...failure,
    what: `the verifier rejected it: ${summary.reason}${source}`,
    code: 'K100',
    hint: 'the last lines of the log show how the verifier came there',
    log,
  })
}
