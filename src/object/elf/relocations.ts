import type { ElfFile } from './elf-file.ts'
import { sectionTypes } from './section.ts'
import type { ElfSymbol } from './symbols.ts'

/** A place in a section whose value depends on a symbol. */
export interface Relocation {
  /** Byte offset within the section. */
  readonly offset: number
  readonly symbol: ElfSymbol
}

/** The relocations of a section by their byte offset. The relocation's type is not needed: the instruction tells. */
export function readRelocations(elf: ElfFile, section: number): ReadonlyMap<number, Relocation> {
  const found = new Map<number, Relocation>()
  for (const header of elf.sections) {
    if (header.info !== section) continue
    if (header.type === sectionTypes.rela) elf.open(header).fail('O031', 'relocations with addends are not supported')
    if (header.type !== sectionTypes.rel) continue
    const table = elf.open(header)
    for (let at = 0; at + 16 <= table.size; at += 16) {
      const offset = table.u64(at)
      const index = table.u32(at + (table.byteOrder === 'little' ? 12 : 8))
      const symbol = elf.symbols[index]
      if (!symbol) return table.fail('O031', `a relocation names symbol ${index}, which does not exist`, at)
      found.set(offset, { offset, symbol })
    }
  }
  return found
}
