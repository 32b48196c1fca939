import type { Cursor } from '../cursor.ts'
import { type Section, sectionTypes } from './section.ts'

export interface ElfSymbol {
  readonly index: number
  readonly name: string
  readonly kind: 'none' | 'object' | 'function' | 'section' | 'other'
  readonly binding: 'local' | 'global' | 'weak' | 'other'
  /** Not visible outside the object: the verifier treats such a function as static. */
  readonly hidden: boolean
  /** Index of its section; 0 where it is undefined. */
  readonly section: number
  /** Byte offset within its section. */
  readonly value: number
  /** Bytes. */
  readonly size: number
}

const kinds = ['none', 'object', 'function', 'section'] as const
const bindings = ['local', 'global', 'weak'] as const

/** Reads the symbol table; an object without one has no symbols. */
export function readSymbols(sections: readonly Section[], open: (section: Section) => Cursor): readonly ElfSymbol[] {
  const section = sections.find(({ type }) => type === sectionTypes.symtab)
  if (!section) return []
  const table = open(section)
  const names = sections[section.link]
  if (!names) return table.fail('O005', 'the symbols have no names')
  const texts = open(names)
  return Array.from({ length: Math.floor(table.size / 24) }, (_, index) => readSymbol(table, index, texts))
}

function readSymbol(table: Cursor, index: number, texts: Cursor): ElfSymbol {
  const at = index * 24
  const info = table.u8(at + 4)
  const visibility = table.u8(at + 5) & 3
  const name = table.u32(at)
  return {
    index,
    name: name === 0 ? '' : texts.text(name),
    kind: kinds[info & 15] ?? 'other',
    binding: bindings[info >> 4] ?? 'other',
    hidden: visibility === 1 || visibility === 2,
    section: table.u16(at + 6),
    value: table.u64(at + 8),
    size: table.u64(at + 16),
  }
}
