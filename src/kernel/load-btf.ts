import { loadAddon } from './addon.ts'
import { btfLoadAttr } from './attr-program.ts'
import { kernelError } from './errno.ts'
import { is, tryBpf } from './syscall.ts'

/** BPF_BTF_LOAD; the descriptor. Throws a KernelError, with the kernel's own sentence where it has one. Linux 4.18. */
export function loadBtf(bytes: Uint8Array): number {
  const result = tryBpf('BPF_BTF_LOAD', btfLoadAttr(bytes))
  if (result >= 0) return result
  const sentence = complaint(bytes)
  const what = sentence === undefined ? undefined : `the kernel refused it: ${sentence}`
  throw kernelError({ command: 'BPF_BTF_LOAD', errno: -result, doing: 'load BTF', what })
}

/** The last line of its log, unless that only lists a type as those before: then it did not say what is wrong. */
function complaint(bytes: Uint8Array): string | undefined {
  const log = Buffer.alloc(logSize)
  const result = tryBpf('BPF_BTF_LOAD', btfLoadAttr(bytes, log))
  if (result >= 0) {
    loadAddon().close(result)
    return undefined
  }
  // Its end is missing.
  if (is(result, 'ENOSPC')) return undefined
  const end = log.indexOf(0)
  const lines = log.toString('utf8', 0, end < 0 ? log.length : end).split('\n')
  const last = lines.findLast((line) => line.trim() !== '')?.trim()
  return last !== undefined && isComplaint.test(last) ? last : undefined
}

const isComplaint =
  /\b(Invalid|Unsupported|Unexpected|Unknown|Loop|overlap|exceeds?|not|No|must|too|[Ss]ection|hole|truncated)\b/

/** Bytes. Memory that is not touched costs nothing: the system hands it out as the kernel fills it. */
const logSize = 16 * 1024 * 1024
