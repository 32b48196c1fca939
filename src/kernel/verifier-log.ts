import type { Omitted, VerifierLog, VerifierReport } from '../model/verifier.ts'
import { lastInstruction, lastRegisters } from './verifier-trace.ts'

/**
 * Finds the complaint at the end of a log, and what led to it; undefined when the log says nothing. Looks at the end only: of
 * the rest no more is done than counting its lines.
 */
export function readVerifierLog(log: VerifierLog): VerifierReport | undefined {
  const { lines: tail, glued } = tailOf(log.bytes)
  const useful = withoutReport(tail.filter((line) => line.trim() !== '' && !isStatistics(line)))
  const end = useful.findLastIndex((line) => !isTrace(line))
  const reason = useful.length > 0 ? reasonOf(useful, end) : undefined
  if (reason === undefined) return undefined
  const lines = useful.slice(-shown)
  const instruction = lastInstruction(useful)
  const source = useful.findLast((line) => line.startsWith('; '))?.slice(2) ?? sourceIn(log.bytes)
  return {
    reason,
    ...(instruction && { instruction }),
    registers: instruction ? lastRegisters(useful, `${instruction.text} ${reason}`) : [],
    ...(source !== undefined && { source }),
    lines,
    omitted: omittedBefore(log, lines.length - glued, tail.length - useful.length),
  }
}

/** Linux 7.3 says it all once more behind the complaint, in sections with the source, the instructions around and advice. */
function withoutReport(lines: readonly string[]): readonly string[] {
  const start = lines.findLastIndex((line) => line.startsWith('Verification failed: '))
  // Where it is all that there is, its title is the complaint.
  return start < 0 ? lines : lines.slice(0, Math.max(1, start))
}

/** The complaint is the last line that is no trace, with the one before it where that is none either. */
function reasonOf(lines: readonly string[], end: number): string | undefined {
  const last = lines[end] ?? lines.at(-1)
  const before = lines[end - 1]
  return before === undefined || isTrace(before) ? last : `${before}; ${last}`
}

const shown = 12
/** Bytes; a line of a trace with all registers has some hundreds. */
const tailSize = 64 * 1024

interface Tail {
  /** Each whole. */
  readonly lines: readonly string[]
  /** How many of them the kernel wrote behind another one. */
  readonly glued: number
}

function tailOf(bytes: Uint8Array): Tail {
  const start = Math.max(0, bytes.length - tailSize)
  const lines = bufferOf(bytes).toString('utf8', start).split('\n')
  const whole = start === 0 ? lines : lines.slice(1)
  const apart = whole.flatMap((line) => line.split(glue))
  return { lines: apart, glued: apart.length - whole.length }
}

/** What the kernel puts behind a line without ending that: a loop behind its jump, statistics behind a tail call's wrong map. */
const glue = /(?<=\S)\s*(?=infinite loop detected at insn |processed \d+ insns \(limit )/

/** The last line of source, searched backwards without making texts of what is in between. */
function sourceIn(bytes: Uint8Array): string | undefined {
  const buffer = bufferOf(bytes)
  const at = buffer.lastIndexOf('\n; ')
  if (at < 0) return undefined
  const end = buffer.indexOf(newline, at + 1)
  return buffer.toString('utf8', at + 3, end < 0 ? buffer.length : end)
}

function omittedBefore({ bytes, missing }: VerifierLog, kept: number, unimportant: number): Omitted {
  if (missing > 0) return { count: missing + Math.max(0, bytes.length - tailSize), unit: 'bytes' }
  let count = 0
  for (const byte of bytes) if (byte === newline) count++
  // A last line without its end counts, too; statistics and empty lines are not missed.
  const whole = bytes.length > 0 && bytes.at(-1) !== newline ? count + 1 : count
  const unfinished = bytes.at(-1) === newline ? 1 : 0
  return { count: Math.max(0, whole - kept - (unimportant - unfinished)), unit: 'lines' }
}

const newline = 10

/** The same memory. */
const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

const isStatistics = (line: string): boolean =>
  /^(processed \d+ insns|verification time|stack depth|peak_states|max_states)/.test(line)

/** Instructions, source lines, jumps and states of registers: how the verifier came to its complaint. */
const isTrace = (line: string): boolean =>
  /^(\d+: |;|from \d+|\s*(frame\d+: ?)?R\d+(_\w+)?=|(cur|old) state:|func#|last_idx|regs=|mark_precise|propagating|Func|caller:|callee:|returning from|Validating )/.test(
    line,
  )
