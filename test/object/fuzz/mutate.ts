import { readElf } from '../../../src/object/elf/elf-file.ts'
import type { Random } from './random.ts'

/** A good object and the places in it that say most. */
export interface Seed {
  readonly name: string
  readonly bytes: Uint8Array
  readonly little: boolean
  /** Contents of sections, the file header and the table of sections: byte ranges of the file. */
  readonly regions: readonly Region[]
}

interface Region {
  readonly start: number
  readonly end: number
}

/** Sections whose bytes mean something to the reader, and not just to the program. */
const meaningful = /^\.(BTF|BTF\.ext|symtab|strtab|shstrtab|maps|rel.*)$|^(maps|license|version)$/

/** Finds the regions of an object. */
export function seedOf(name: string, bytes: Uint8Array): Seed {
  const elf = readElf(bytes, name)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const little = elf.byteOrder === 'little'
  const table = Number(view.getBigUint64(0x28, little))
  const sections = elf.sections.filter((section) => meaningful.test(section.name) && section.size > 0)
  const regions = sections.map(({ offset, size }) => ({ start: offset, end: offset + size }))
  return { name, bytes, little, regions: [{ start: 0, end: 64 }, { start: table, end: bytes.length }, ...regions] }
}

/** A copy with one to four things wrong with it. */
export function mutate({ bytes, little, regions }: Seed, random: Random): Uint8Array {
  let copy: Uint8Array = bytes.slice()
  for (let count = 1 + random.below(4); count > 0; count--) {
    const region = random.below(4) === 0 ? { start: 0, end: copy.length } : random.pick(regions)
    copy = random.pick(mutations)({ bytes: copy, little, region, random })
  }
  return copy
}

interface Mutation {
  readonly bytes: Uint8Array
  readonly little: boolean
  readonly region: Region
  readonly random: Random
}

const place = ({ bytes, region, random }: Mutation): number =>
  Math.min(bytes.length - 1, region.start + random.below(region.end - region.start))

/** Words stand at multiples of four from the start of what they belong to. */
const wordPlace = ({ bytes, region, random }: Mutation): number =>
  Math.min(Math.max(0, bytes.length - 4), region.start + random.below((region.end - region.start) >> 2) * 4)

const extremes = [0, 1, 2, 3, 4, 0x7f, 0xff, 0x7fff, 0xffff, 0x10000, 0xffffff, 0x7fffffff, 0x80000000, 0xffffffff]

const mutations: readonly ((mutation: Mutation) => Uint8Array)[] = [
  flipBit,
  setByte,
  setWord,
  addToWord,
  setWord,
  addToWord,
  setKind,
  copyBlock,
  cut,
  repeat,
]

function flipBit(mutation: Mutation): Uint8Array {
  const at = place(mutation)
  mutation.bytes[at] = (mutation.bytes[at] ?? 0) ^ (1 << mutation.random.below(8))
  return mutation.bytes
}

function setByte(mutation: Mutation): Uint8Array {
  mutation.bytes[place(mutation)] = mutation.random.below(256)
  return mutation.bytes
}

function editWord(mutation: Mutation, change: (word: number) => number): Uint8Array {
  const { bytes, little } = mutation
  if (bytes.length < 4) return bytes
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const at = wordPlace(mutation)
  view.setUint32(at, change(view.getUint32(at, little)) >>> 0, little)
  return bytes
}

function setWord(mutation: Mutation): Uint8Array {
  return editWord(mutation, () => mutation.random.pick(extremes))
}

/** One off, four off, a section off. */
function addToWord(mutation: Mutation): Uint8Array {
  return editWord(mutation, (word) => word + mutation.random.pick([-1, 1, -4, 4, 8, 16, 64, 4096]))
}

/** Another kind of type, or another number of members. */
function setKind(mutation: Mutation): Uint8Array {
  const { random } = mutation
  return editWord(mutation, (word) =>
    random.below(2) === 0 ? (random.below(32) << 24) | (word & 0xffff) : (word & 0xff000000) | random.below(40),
  )
}

function copyBlock(mutation: Mutation): Uint8Array {
  const { bytes, random } = mutation
  const from = place(mutation)
  bytes.copyWithin(place(mutation), from, from + 1 + random.below(32))
  return bytes
}

function cut({ bytes, random }: Mutation): Uint8Array {
  return random.below(8) === 0 ? bytes.slice(0, random.below(bytes.length)) : bytes
}

/** What lies behind it moves, and offsets are wrong. */
function repeat(mutation: Mutation): Uint8Array {
  const { bytes, random } = mutation
  if (random.below(8) !== 0) return bytes
  const at = place(mutation)
  const block = bytes.subarray(at, at + 4 * (1 + random.below(8)))
  return Uint8Array.from([...bytes.subarray(0, at), ...block, ...bytes.subarray(at)])
}
