import { endianness } from 'node:os'
import { hashName } from './flavour.ts'
import { type NameTable, nameTable } from './name-table.ts'

/** Where the type records are. */
export interface RecordIndex {
  /** The records as words of this machine. */
  readonly words: Uint32Array
  /** Where each record begins, in words. */
  readonly starts: Uint32Array
  /** Positions in `starts` by the names of what is no function: of a kernel's names four of five are functions', which few ask for. */
  readonly names: NameTable
}

/** What names are offsets into: the strings of the base, if there is one, and behind them the own ones. */
export interface Names {
  readonly base: Uint8Array
  readonly own: Uint8Array
}

/**
 * Finds the type records and hashes their names; a sentence where they are damaged. One loop that calls little: V8 has not
 * compiled it before most of a kernel's 130,000 records are done.
 */
export function indexRecords(records: DataView, little: boolean, { base, own }: Names = noNames): RecordIndex | string {
  const words = wordsOf(records, little)
  const starts = new Uint32Array(Math.ceil(words.length / 3))
  const names = nameTable(starts.length)
  const { last, former } = names
  const mask = last.length - 1
  const split = base.length
  const end = records.byteLength / 4
  let count = 0
  let at = 0
  while (at < end) {
    const info = words[at + 1] as number
    const kind = (info >>> 24) & 31
    const name = words[at] as number
    starts[count++] = at
    if (name !== 0 && kind !== functionKind) {
      const slot = (name < split ? hashName(base, name) : hashName(own, name - split)) & mask
      former[count] = last[slot] as number
      last[slot] = count
    }
    at += (fixedWords[kind] as number) + (memberWords[kind] as number) * (info & 0xffff)
  }
  const index = { words, starts: starts.subarray(0, count), names }
  return at === end ? index : whatIsWrong(index)
}

const nothing = new Uint8Array(0)
const noNames: Names = { base: nothing, own: nothing }

/** Positions of functions by their names. */
export function functionNames({ words, starts }: RecordIndex, { base, own }: Names): NameTable {
  const names = nameTable(starts.length)
  const { last, former } = names
  for (let position = 0; position < starts.length; position++) {
    const at = starts[position] as number
    if ((((words[at + 1] as number) >>> 24) & 31) !== functionKind) continue
    const name = words[at] as number
    const slot = (name < base.length ? hashName(base, name) : hashName(own, name - base.length)) & (last.length - 1)
    former[position + 1] = last[slot] as number
    last[slot] = position + 1
  }
  return names
}

/** The last record reaches too far. */
function whatIsWrong({ words, starts }: Pick<RecordIndex, 'words' | 'starts'>): string {
  const at = starts.at(-1) ?? 0
  const kind = ((words[at + 1] ?? 0) >>> 24) & 31
  const isWhole = at + 3 <= words.length
  return isWhole && !tails[kind]
    ? `kind ${kind} of type ${starts.length} is unknown`
    : `type ${starts.length} is truncated`
}

/** A view of the bytes where they lie as this machine reads words, else a copy. */
function wordsOf({ buffer, byteOffset, byteLength }: DataView, little: boolean): Uint32Array {
  const count = byteLength >>> 2
  if (little === littleEndian && byteOffset % 4 === 0) return new Uint32Array(buffer, byteOffset, count)
  const bytes = Buffer.from(buffer.slice(byteOffset, byteOffset + count * 4))
  return new Uint32Array((little === littleEndian ? bytes : bytes.swap32()).buffer, 0, count)
}

const littleEndian = endianness() === 'LE'

/** BTF_KIND_FUNC. */
export const functionKind = 12

/** Bytes of the record with that `info` word; undefined for a kind that is unknown. */
export function recordSize(info: number): number | undefined {
  const tail = tails[(info >>> 24) & 31]
  return tail && 12 + tail[0] + tail[1] * (info & 0xffff)
}

/** Bytes behind the 12 of each kind, by its number in `enum btf_kind`: some fixed, some for each member. */
const tails: Readonly<Record<number, readonly [fixed: number, each: number]>> = {
  1: [4, 0],
  2: [0, 0],
  3: [12, 0],
  4: [0, 12],
  5: [0, 12],
  6: [0, 8],
  7: [0, 0],
  8: [0, 0],
  9: [0, 0],
  10: [0, 0],
  11: [0, 0],
  12: [0, 0],
  13: [0, 8],
  14: [4, 0],
  15: [0, 12],
  16: [0, 0],
  17: [4, 0],
  18: [0, 0],
  19: [0, 12],
}

const kinds = 32
/** An unknown kind leads behind the end, where the pass stops. */
const beyond = 2 ** 31 - 1
const fixedWords = Int32Array.from({ length: kinds }, (_, kind) => (tails[kind] ? 3 + tails[kind][0] / 4 : beyond))
const memberWords = Int32Array.from({ length: kinds }, (_, kind) => (tails[kind]?.[1] ?? 0) / 4)
