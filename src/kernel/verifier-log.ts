/** What a reader needs of a verifier's log of maybe megabytes. */
export interface LogSummary {
  /** The verifier's complaint: its last line that is no statistics, or the last two where both are words. */
  readonly reason: string
  /** The source line that it was about, if the program carries line information: `return *(int *)0; @ a.bpf.c:12`. */
  readonly source: string | undefined
  /** The last useful lines, the complaint last. */
  readonly lines: readonly string[]
}

/** Finds the complaint at the end of a log; undefined when the log says nothing. */
export function summarizeLog(log: string): LogSummary | undefined {
  const useful = log.split('\n').filter((line) => line.trim() !== '' && !isStatistics(line))
  const last = useful.at(-1)
  if (last === undefined) return undefined
  const before = useful.at(-2)
  const reason = before === undefined || isTrace(before) ? last : `${before}; ${last}`
  const source = useful.findLast((line) => line.startsWith('; '))?.slice(2)
  return { reason, source, lines: useful.slice(-shown) }
}

/** The next size to try for a log that did not fit, or undefined when it is large enough. Bytes. */
export function nextLogSize(size: number, trueSize: number): number | undefined {
  if (size >= largest) return undefined
  // Linux 6.4 tells the size that it would have needed; older kernels leave 0.
  return Math.min(largest, trueSize > size ? trueSize : size * 8)
}

/** Bytes of the first attempt. */
export const firstLogSize: number = 64 * 1024

const largest = 16 * 1024 * 1024
const shown = 12

const isStatistics = (line: string): boolean =>
  /^(processed \d+ insns|verification time|stack depth|peak_states|max_states)/.test(line)

/** Instructions, source lines, jumps and states of registers: how the verifier came to its complaint. */
const isTrace = (line: string): boolean =>
  /^(\d+:|;|from \d+|R\d+|func#|last_idx|regs=|mark_precise|Func|caller|callee)/.test(line)
