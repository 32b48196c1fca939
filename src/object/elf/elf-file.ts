import { once } from '../../util/once.ts'
import { Cursor } from '../cursor.ts'
import { machineName } from './machines.ts'
import { type Section, sectionTypes } from './section.ts'
import { type ElfSymbol, readSymbols } from './symbols.ts'

/** A relocatable ELF64 file of BPF code. */
export interface ElfFile {
  readonly name: string
  readonly byteOrder: 'little' | 'big'
  readonly sections: readonly Section[]
  readonly symbols: readonly ElfSymbol[]
  /** Those that stand in a section, by its index; in the order of the table. */
  symbolsIn(section: number): readonly ElfSymbol[]
  /** The bytes of a section (zeros for .bss). Throws an ObjectError when it is compressed or absurdly large. */
  open(section: Section): Cursor
  /** The first section of that name. */
  find(name: string): Section | undefined
}

const flagCompressed = 0x800
/** Bytes of all `.bss` together: they are in no file, so a number alone could ask for any amount of memory. */
const largestZeros = 32 * 1024 * 1024

/** Reads headers, names and symbols of an ELF file. Throws an ObjectError for anything that is not ELF64 of BPF. */
export function readElf(bytes: Uint8Array, name: string): ElfFile {
  const file = openFile(bytes, name)
  const sections = readSections(file)
  const open = (section: Section): Cursor => openSection(file, section)
  const symbols = readSymbols(sections, open)
  const bySection = once(() => groupBySection(symbols))
  return {
    name,
    byteOrder: file.byteOrder,
    sections,
    symbols,
    symbolsIn: (section) => bySection().get(section) ?? [],
    open,
    find: (wanted) => sections.find((section) => section.name === wanted),
  }
}

function groupBySection(symbols: readonly ElfSymbol[]): ReadonlyMap<number, readonly ElfSymbol[]> {
  const groups = new Map<number, ElfSymbol[]>()
  for (const symbol of symbols) {
    const group = groups.get(symbol.section)
    if (group) group.push(symbol)
    else groups.set(symbol.section, [symbol])
  }
  return groups
}

function openFile(bytes: Uint8Array, object: string): Cursor {
  const plain = new Cursor(bytes, { byteOrder: 'little', object })
  if (bytes.length < 4 || plain.u32(0) !== 0x464c457f) plain.fail('O001', 'it is not an ELF file')
  if (plain.u8(4) !== 2) plain.fail('O003', 'it is not a 64-bit ELF file', 4)
  const order = plain.u8(5)
  if (order !== 1 && order !== 2) plain.fail('O003', `the byte order ${order} is unknown`, 5)
  const file = new Cursor(bytes, { byteOrder: order === 1 ? 'little' : 'big', object })
  const machine = file.u16(18)
  if (machine !== 247 && machine !== 0) file.fail('O004', `it is compiled for ${machineName(machine)}, not for BPF`, 18)
  if (file.u16(16) !== 1) file.fail('O003', 'it is not a relocatable object', 16)
  return file
}

/** Headers are 64 bytes; counts that do not fit stand in the first header. */
function readSections(file: Cursor): readonly Section[] {
  const table = file.u64(40)
  if (table === 0) file.fail('O003', 'it has no sections', 40)
  if (file.u16(58) !== 64) file.fail('O003', `section headers of ${file.u16(58)} bytes are unknown`, 58)
  const count = file.u16(60) || file.u64(table + 32)
  const named = file.u16(62)
  const nameIndex = named === 0xffff ? file.u32(table + 40) : named
  if (count * 64 > file.size) file.fail('O002', `${count} sections do not fit in the file`, 60)
  const raw = Array.from({ length: count }, (_, index) => readHeader(file, table + index * 64, index))
  const names = raw[nameIndex]
  if (!names) return file.fail('O003', 'the section names are missing', 62)
  for (const section of raw) if (section.type !== sectionTypes.nobits) file.slice(section.offset, section.size)
  const zeros = raw.filter(({ type }) => type === sectionTypes.nobits).reduce((sum, { size }) => sum + size, 0)
  if (zeros > largestZeros) file.fail('O007', `sections without contents have ${zeros} bytes`, table)
  const texts = openSection(file, names)
  return raw.map(({ nameOffset, ...section }) => ({ ...section, name: texts.text(nameOffset) }))
}

function readHeader(file: Cursor, at: number, index: number): Section & { nameOffset: number } {
  file.slice(at, 64)
  return {
    index,
    name: `#${index}`,
    nameOffset: file.u32(at),
    type: file.u32(at + 4),
    flags: file.u64(at + 8),
    offset: file.u64(at + 24),
    size: file.u64(at + 32),
    link: file.u32(at + 40),
    info: file.u32(at + 44),
  }
}

function openSection(file: Cursor, section: Section): Cursor {
  const place = file.over(file.bytes, section.name)
  if (section.flags & flagCompressed) place.fail('O006', `section ${section.name} is compressed`, section.offset)
  if (section.type !== sectionTypes.nobits) return file.within(section.offset, section.size, section.name)
  return file.over(new Uint8Array(section.size), section.name)
}
