import type { ByteOrder } from '../cursor.ts'

/** Opcodes that the loader has to know. */
export const opcodes = { loadImmediate64: 0x18, call: 0x85 } as const

/** Meanings of the source register of `ldimm64` and `call`: BPF_PSEUDO_*. */
export const pseudo = { mapFd: 1, mapValue: 2, btfId: 3, function: 4, mapIndex: 5, mapIndexValue: 6 } as const
export const pseudoCall = { helper: 0, local: 1, kernel: 2 } as const

/** Reads and changes instructions of 8 bytes in place; indices count slots. */
export class Instructions {
  readonly bytes: Uint8Array
  readonly #view: DataView
  readonly #little: boolean

  constructor(bytes: Uint8Array, byteOrder: ByteOrder) {
    this.bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.#little = byteOrder === 'little'
  }

  get count(): number {
    return Math.floor(this.bytes.length / 8)
  }

  opcode(index: number): number {
    return this.bytes[index * 8] ?? 0
  }

  setOpcode(index: number, opcode: number): void {
    this.bytes[index * 8] = opcode
  }

  /** Both registers in their byte. */
  registers(index: number): number {
    return this.bytes[index * 8 + 1] ?? 0
  }

  /** Signed. */
  offset(index: number): number {
    return this.#view.getInt16(index * 8 + 2, this.#little)
  }

  setOffset(index: number, offset: number): void {
    this.#view.setInt16(index * 8 + 2, offset, this.#little)
  }

  /** Makes all of it zero. */
  clear(index: number): void {
    this.bytes.fill(0, index * 8, index * 8 + 8)
  }

  /** The registers share a byte, whose halves change places with the byte order. */
  source(index: number): number {
    const registers = this.bytes[index * 8 + 1] ?? 0
    return this.#little ? registers >> 4 : registers & 15
  }

  destination(index: number): number {
    const registers = this.bytes[index * 8 + 1] ?? 0
    return this.#little ? registers & 15 : registers >> 4
  }

  setSource(index: number, source: number): void {
    const registers = this.bytes[index * 8 + 1] ?? 0
    this.bytes[index * 8 + 1] = this.#little ? (registers & 0x0f) | (source << 4) : (registers & 0xf0) | source
  }

  immediate(index: number): number {
    return this.#view.getInt32(index * 8 + 4, this.#little)
  }

  setImmediate(index: number, value: number): void {
    this.#view.setInt32(index * 8 + 4, value, this.#little)
  }
}
