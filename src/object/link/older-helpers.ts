import type { Code } from '../../model/program-spec.ts'
import type { ByteOrder } from '../cursor.ts'
import { Instructions, opcodes, pseudoCall } from '../programs/instructions.ts'

/**
 * Code in which helpers that a kernel does not have yet are replaced by those that it had before: reading kernel and user
 * memory have helpers of their own since Linux 5.5. Those before stay, and do the same wherever addresses of both differ, so
 * that the release may decide. Undefined where the kernel is not known: then nothing is replaced.
 */
export function withOlderHelpers(code: Code, byteOrder: ByteOrder, release: string | undefined): Code {
  if (release === undefined || !isBefore(release, 5, 5)) return code
  const replaced = new Instructions(code.instructions.slice(), byteOrder)
  for (let index = 0; index < replaced.count; index++) {
    const opcode = replaced.opcode(index)
    // The second half of a pair is a number.
    if (opcode === opcodes.loadImmediate64) index++
    else if (opcode === opcodes.call && replaced.source(index) === pseudoCall.helper) {
      const older = olderHelpers.get(replaced.immediate(index))
      if (older !== undefined) replaced.setImmediate(index, older)
    }
  }
  return { ...code, instructions: replaced.bytes }
}

/** `enum bpf_func_id`: probe_read_{user,kernel} are probe_read, probe_read_{user,kernel}_str are probe_read_str. */
const olderHelpers: ReadonlyMap<number, number> = new Map([
  [112, 4],
  [113, 4],
  [114, 45],
  [115, 45],
])

function isBefore(release: string, major: number, minor: number): boolean {
  const [ofMajor = 0, ofMinor = 0] = release.split('.').map(Number.parseFloat)
  return ofMajor < major || (ofMajor === major && ofMinor < minor)
}
