import type { ElfFile } from '../elf/elf-file.ts'
import { isCode, type Section } from '../elf/section.ts'
import type { ElfSymbol } from '../elf/symbols.ts'

/** A function of the object, where it stands. */
export interface ObjectFunction {
  readonly name: string
  readonly section: Section
  /** Byte offset within its section. */
  readonly offset: number
  /** Bytes; a multiple of 8. */
  readonly size: number
  /** A program of its own; false for what other functions call. */
  readonly isEntry: boolean
}

/** Every function, by section and then by place: the order in which libbpf lists programs. */
export interface FunctionTable {
  readonly all: readonly ObjectFunction[]
  /** The function that starts at a byte offset of a section. */
  at(section: number, offset: number): ObjectFunction | undefined
}

/** Finds the functions of all code sections. Throws an ObjectError (O030) for one that lies outside its section. */
export function readFunctions(elf: ElfFile): FunctionTable {
  const all = elf.sections.filter(isCode).flatMap((section) => functionsOf(elf, section))
  const starts = new Map<string, ObjectFunction>()
  for (const found of all.toReversed()) starts.set(`${found.section.index}:${found.offset}`, found)
  refuseDuplicates(elf, all)
  return { all, at: (section, offset) => starts.get(`${section}:${offset}`) }
}

function functionsOf(elf: ElfFile, section: Section): readonly ObjectFunction[] {
  const inside = elf.symbolsIn(section.index).filter(({ name }) => name !== '')
  const functions = inside.filter(({ kind }) => kind === 'function')
  // clang before 7 gave functions no type and no size.
  const untyped = inside.filter(({ kind, binding }) => kind === 'none' && binding !== 'local')
  const symbols = (functions.length > 0 ? functions : untyped).sort((a, b) => a.value - b.value)
  const bytes = elf.open(section)
  if (symbols.length === 0) return bytes.fail('O030', withoutFunction(elf))
  return symbols.map((symbol, index) => {
    const size = symbol.size || (symbols[index + 1]?.value ?? section.size) - symbol.value
    if (size <= 0 || size % 8 !== 0 || symbol.value % 8 !== 0 || symbol.value + size > section.size) {
      bytes.fail('O030', `function ${symbol.name} lies at ${symbol.value} with ${size} bytes`, symbol.value)
    }
    return { name: symbol.name, section, offset: symbol.value, size, isEntry: isEntry(section, symbol) }
  })
}

/** The usual reason why a function has no symbol, and what to do. */
export const stripped = ' (strip it no further than llvm-strip -g does)'

const withoutFunction = ({ symbols }: ElfFile): string =>
  symbols.length > 0 ? `it has instructions but no function${stripped}` : `its symbols are gone${stripped}`

/** Functions in `.text` and static ones are only called. */
const isEntry = (section: Section, symbol: ElfSymbol): boolean => section.name !== '.text' && symbol.binding !== 'local'

function refuseDuplicates(elf: ElfFile, functions: readonly ObjectFunction[]): void {
  const seen = new Set<string>()
  for (const { name, section, offset, isEntry } of functions) {
    if (!isEntry) continue
    if (seen.has(name)) elf.open(section).fail('O032', `two programs are called ${name}`, offset)
    seen.add(name)
  }
}
