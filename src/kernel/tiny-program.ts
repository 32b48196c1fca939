import { littleEndian } from './layout.ts'

/**
 * True for code that the verifier is done with sooner than another thread wakes up: few instructions, and none of them twice.
 * Two threads pay from some hundred verified instructions on.
 */
export function isTiny(instructions: Uint8Array): boolean {
  const count = instructions.length / 8
  if (count > few) return false
  const view = new DataView(instructions.buffer, instructions.byteOffset, instructions.length)
  for (let index = 0; index < count; index++) if (mayRepeat(view, index * 8)) return false
  return true
}

const few = 128

const jumps: ReadonlySet<number> = new Set([5, 6])
const call = 0x85
const exit = 0x95
const longJump = 0x06

/** A jump backwards, or a call of a function, which is verified for each of its callers. */
function mayRepeat(view: DataView, at: number): boolean {
  const opcode = view.getUint8(at)
  if (!jumps.has(opcode & 7) || opcode === exit) return false
  if (opcode === call) return view.getUint8(at + 1) !== 0
  return (opcode === longJump ? view.getInt32(at + 4, littleEndian) : view.getInt16(at + 2, littleEndian)) < 0
}
