import { endianness } from 'node:os'

const littleEndian = endianness() === 'LE'

/** One 8-byte instruction: `struct bpf_insn`. */
export interface Instruction {
  readonly opcode: number
  readonly destination?: number
  readonly source?: number
  readonly offset?: number
  readonly immediate?: number
}

/** Instructions as bytes in this machine's order. */
export function assemble(instructions: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(instructions.length * 8)
  const view = new DataView(bytes.buffer)
  for (const [index, { opcode, destination = 0, source = 0, offset = 0, immediate = 0 }] of instructions.entries()) {
    const at = index * 8
    view.setUint8(at, opcode)
    view.setUint8(at + 1, littleEndian ? (source << 4) | destination : (destination << 4) | source)
    view.setInt16(at + 2, offset, littleEndian)
    view.setInt32(at + 4, immediate, littleEndian)
  }
  return bytes
}

/** rN = immediate (64 bit). */
export const mov = (destination: number, immediate: number): Instruction => ({ opcode: 0xb7, destination, immediate })
/** rN = *(u32 *)(rM + offset). */
export const loadWord = (destination: number, source: number, offset: number): Instruction => ({
  opcode: 0x61,
  destination,
  source,
  offset,
})
/** lock *(u64 *)(rN + offset) += rM. */
export const atomicAdd = (destination: number, source: number, offset: number): Instruction => ({
  opcode: 0xdb,
  destination,
  source,
  offset,
})
/** rN += immediate. */
export const add = (destination: number, immediate: number): Instruction => ({ opcode: 0x07, destination, immediate })
/** if rN < immediate (unsigned) skip `offset` instructions. */
export const jumpIfLess = (destination: number, immediate: number, offset: number): Instruction => ({
  opcode: 0xa5,
  destination,
  immediate,
  offset,
})
export const call = (helper: number): Instruction => ({ opcode: 0x85, immediate: helper })
export const exit: Instruction = { opcode: 0x95 }

/** rN = a map (or a place in its value): two slots, the reference is left to the loader. */
export const loadReference = (destination: number): readonly Instruction[] => [
  { opcode: 0x18, destination },
  { opcode: 0 },
]

/** `r0 = value; exit`. */
export const returning = (value: number): Uint8Array => assemble([mov(0, value), exit])
