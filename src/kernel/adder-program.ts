import type { AddedInteger } from './entries.ts'
import { littleEndian } from './layout.ts'

/** Sizes of the maps that an adder works on, bytes. */
export interface AdderShape {
  readonly keySize: number
  readonly journalKeySize: number
  readonly journalValueSize: number
  readonly integers: readonly AddedInteger[]
}

/** Where the program finds its arguments in its context; bytes. */
export interface AdderContext {
  readonly key: number
  readonly journalKey: number
  readonly journalOffset: number
  /** First of the pairs (delta, noted), 16 bytes each. */
  readonly pairs: number
  readonly size: number
}

/** A program as loadProgram takes it, but for the descriptors: the two references are to the map and the journal. */
export interface AdderProgram {
  readonly instructions: Uint8Array
  /** Index of the instruction that refers to the map, and to the journal. */
  readonly references: readonly [number, number]
}

/** The context of a program for these maps. */
export function adderContext({ keySize, journalKeySize, integers }: AdderShape): AdderContext {
  const journalKey = wholeWords(keySize)
  const journalOffset = journalKey + wholeWords(journalKeySize)
  const pairs = journalOffset + 8
  return { key: 0, journalKey, journalOffset, pairs, size: pairs + integers.length * 16 }
}

/**
 * A SYSCALL program: looks both entries up, adds each delta in one atomic instruction and notes each number in the journal;
 * returns 1, or 0 where an entry is not there. Nothing can come between its first and its last instruction but other CPUs.
 */
export function adderProgram(shape: AdderShape): AdderProgram {
  const context = adderContext(shape)
  const code = new Code()
  code.add(MOV64_REG, { destination: CONTEXT, source: R1 })
  const map = lookUp(code, { at: context.key, words: wholeWords(shape.keySize) / 8, into: ENTRY })
  const journal = lookUp(code, { at: context.journalKey, words: wholeWords(shape.journalKeySize) / 8, into: NOTES })
  const span = Math.max(...shape.integers.map(({ journalAt, journalSize }) => journalAt + journalSize))
  code.add(LOAD64, { destination: R1, source: CONTEXT, offset: context.journalOffset })
  // The verifier wants to know how far it can reach.
  code.exitWhen(JGT_IMM, { destination: R1, immediate: shape.journalValueSize - span })
  code.add(ADD64_REG, { destination: NOTES, source: R1 })
  for (const [index, integer] of shape.integers.entries()) addInteger(code, integer, context.pairs + index * 16)
  code.add(MOV64_IMM, { destination: R0, immediate: 1 })
  code.add(EXIT)
  return { instructions: code.finish(), references: [map, journal] }
}

const wholeWords = (bytes: number): number => Math.ceil(bytes / 8) * 8

interface LookUp {
  readonly at: number
  readonly words: number
  readonly into: number
}

/** Copies the key to the stack, since the context cannot be a key, and calls bpf_map_lookup_elem. The reference's index. */
function lookUp(code: Code, { at, words, into }: LookUp): number {
  for (let word = 0; word < words; word++) {
    code.add(LOAD64, { destination: R1, source: CONTEXT, offset: at + word * 8 })
    code.add(STORE[8], { destination: FRAME, source: R1, offset: (word - words) * 8 })
  }
  code.add(MOV64_REG, { destination: R2, source: FRAME })
  code.add(ADD64_IMM, { destination: R2, immediate: -words * 8 })
  const reference = code.length
  code.add(LOAD_MAP, { destination: R1 })
  code.add(0)
  code.add(CALL, { immediate: BPF_FUNC_MAP_LOOKUP_ELEM })
  code.exitWhen(JEQ_IMM, { destination: R0, immediate: 0 })
  code.add(MOV64_REG, { destination: into, source: R0 })
  return reference
}

function addInteger(code: Code, { at, size, journalAt, journalSize }: AddedInteger, pair: number): void {
  // An offset in an instruction reaches 32 KiB only.
  code.add(MOV64_REG, { destination: R1, source: ENTRY })
  code.add(ADD64_IMM, { destination: R1, immediate: at })
  code.add(LOAD64, { destination: R2, source: CONTEXT, offset: pair })
  code.add(ATOMIC_ADD[size], { destination: R1, source: R2 })
  code.add(MOV64_REG, { destination: R1, source: NOTES })
  code.add(ADD64_IMM, { destination: R1, immediate: journalAt })
  code.add(LOAD64, { destination: R2, source: CONTEXT, offset: pair + 8 })
  code.add(STORE[journalSize], { destination: R1, source: R2 })
}

const [R0, R1, R2, CONTEXT, ENTRY, NOTES, FRAME] = [0, 1, 2, 6, 7, 8, 10] as const

const MOV64_REG = 0xbf
const MOV64_IMM = 0xb7
const ADD64_REG = 0x0f
const ADD64_IMM = 0x07
const LOAD64 = 0x79
const LOAD_MAP = 0x18
const STORE = { 1: 0x73, 2: 0x6b, 4: 0x63, 8: 0x7b } as const
/** BPF_STX | BPF_ATOMIC with BPF_ADD. */
const ATOMIC_ADD = { 4: 0xc3, 8: 0xdb } as const
const JEQ_IMM = 0x15
const JNE_IMM = 0x55
const JGT_IMM = 0x25
const JLE_IMM = 0xb5
const CALL = 0x85
const EXIT = 0x95
const BPF_FUNC_MAP_LOOKUP_ELEM = 1

const opposite: Readonly<Record<number, number>> = { [JEQ_IMM]: JNE_IMM, [JGT_IMM]: JLE_IMM }

interface Operands {
  readonly destination?: number
  readonly source?: number
  readonly offset?: number
  readonly immediate?: number
}

/** Instructions as they are written, 8 bytes each. */
class Code {
  readonly #bytes: number[] = []

  get length(): number {
    return this.#bytes.length / 8
  }

  add(opcode: number, { destination = 0, source = 0, offset = 0, immediate = 0 }: Operands = {}): void {
    const one = new Uint8Array(8)
    const view = new DataView(one.buffer)
    view.setUint8(0, opcode)
    view.setUint8(1, littleEndian ? (source << 4) | destination : (destination << 4) | source)
    view.setInt16(2, offset, littleEndian)
    view.setInt32(4, immediate, littleEndian)
    this.#bytes.push(...one)
  }

  /** `if (condition) return 0`, by jumping over that where it does not hold. */
  exitWhen(condition: number, operands: Operands): void {
    this.add(opposite[condition] ?? condition, { ...operands, offset: 2 })
    this.add(MOV64_IMM, { destination: R0, immediate: 0 })
    this.add(EXIT)
  }

  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }
}
