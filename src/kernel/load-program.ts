import type { KernelError } from '../model/errors.ts'
import type { Machine } from '../model/machine.ts'
import { VerifierLog } from '../model/verifier.ts'
import { type LoadExtra, logTrueSize, programBindAttr, programLoadAttr } from './attr-program.ts'
import { findAttachment, type KernelAttachment } from './btf-ids.ts'
import { kernelError } from './errno.ts'
import { loadHint } from './load-hints.ts'
import { ModuleBtf } from './module-btf.ts'
import { programFunctionId } from './program-btf.ts'
import type { ProgramLoad } from './program-load.ts'
import { is, tryBpf, tryBpfAsync } from './syscall.ts'
import { isTiny } from './tiny-program.ts'
import { readVerifierLog } from './verifier-log.ts'
import { missing, rejection } from './verifier-rejection.ts'

/**
 * BPF_PROG_LOAD, on the thread pool if it may take a while; the descriptor. A log costs the verifier much, so the first attempt goes without;
 * after a refusal it is asked again with one. Throws a KernelError: K100 with the log where the verifier complained.
 */
export async function loadProgram(request: ProgramLoad, machine: Machine): Promise<number> {
  using modules = new ModuleBtf(request.load.modules ?? [])
  const attachment = attachmentOf(request, machine)
  using attached = new ModuleBtf(attachment?.module === undefined ? [] : [attachment.module])
  const extra = {
    ...(attachment && { attachment }),
    attachedTo: request.attachProgram?.number ?? attached.fds[0],
    ...(modules.fds.length > 0 ? { modules: modules.fds } : {}),
  }
  const attr = programLoadAttr(request, extra)
  const result = isTiny(request.instructions) ? tryBpf('BPF_PROG_LOAD', attr) : await tryBpfAsync('BPF_PROG_LOAD', attr)
  if (result >= 0) return bindMaps(result, request)
  const again = await loadWithLog(request, extra)
  if (again.result >= 0) return bindMaps(again.result, request)
  // The second errno may be ENOSPC, which is only about the log.
  throw refusal(request, { errno: -result, log: again.log, machine })
}

/** They only tell of the program: nothing of it fails without them. */
function bindMaps(program: number, { bound = [] }: ProgramLoad): number {
  for (const map of bound) tryBpf('BPF_PROG_BIND_MAP', programBindAttr(program, map))
  return program
}

function attachmentOf({ load, attachProgram }: ProgramLoad, machine: Machine): KernelAttachment | undefined {
  const { attachTo, type } = load
  if (attachTo === undefined) return undefined
  return attachProgram ? { id: programFunctionId(attachProgram, attachTo) } : findAttachment(attachTo, type, machine)
}

interface LoggedLoad {
  readonly result: number
  readonly log: VerifierLog
}

async function loadWithLog(request: ProgramLoad, extra: LoadExtra): Promise<LoggedLoad> {
  for (let size = firstLogSize; ; ) {
    // Memory that is not touched costs nothing: the system hands it out as the kernel fills it.
    const log = Buffer.alloc(size)
    const attr = programLoadAttr(request, { ...extra, log })
    const result = await tryBpfAsync('BPF_PROG_LOAD', attr)
    const trueSize = logTrueSize(attr)
    const larger = is(result, 'ENOSPC') ? nextLogSize(size, { trueSize, whole: request.log === 'whole' }) : undefined
    if (larger === undefined) return { result, log: new VerifierLog(written(log), Math.max(0, trueSize - size)) }
    size = larger
  }
}

/** Bytes of the first attempt: more than the log of a refusal has, as a rule. */
const firstLogSize = 64 * 1024
/** More the kernel does not take. */
const largest = 2 ** 30 - 1

/**
 * The next size for a log that did not fit; undefined where what there is is enough: from Linux 6.4 on a short log keeps its
 * end, where the complaint is, and the kernel tells the size of all of it. Before that it keeps its beginning.
 */
export function nextLogSize(
  size: number,
  need: { readonly trueSize: number; readonly whole: boolean },
): number | undefined {
  if (size >= largest) return undefined
  // By much: each attempt is a whole verification, and memory that stays empty costs nothing.
  if (need.trueSize === 0) return Math.min(largest, size * 64)
  return need.whole && need.trueSize > size ? Math.min(largest, need.trueSize) : undefined
}

function written(log: Buffer): Uint8Array {
  const end = log.indexOf(0)
  return end < 0 ? log : log.subarray(0, end)
}

interface Refusal {
  readonly errno: number
  readonly log: VerifierLog
  readonly machine: Machine
}

function refusal(request: ProgramLoad, { errno, log, machine }: Refusal): KernelError {
  const report = readVerifierLog(log)
  const failure = { command: 'BPF_PROG_LOAD', errno, doing: `load program ${request.name}`, target: request.name }
  if (!report) return kernelError({ ...failure, hint: loadHint(request, errno) })
  const rejected = { ...failure, log, report }
  return missing(request, { ...rejected, release: machine.release }) ?? rejection(request, rejected)
}
