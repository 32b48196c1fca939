import type { ElfFile } from '../elf/elf-file.ts'
import { readRelocations } from '../elf/relocations.ts'
import type { FunctionTable, ObjectFunction } from './functions.ts'

/** The struct_ops maps of an object, and which of them each program is a member of. */
export interface StructOps {
  readonly maps: readonly string[]
  readonly members: ReadonlyMap<ObjectFunction, string>
}

/** Reads `.struct_ops` and `.struct_ops.link`, only to say what is not supported. */
export function readStructOps(elf: ElfFile, functions: FunctionTable): StructOps {
  const maps: string[] = []
  const members = new Map<ObjectFunction, string>()
  for (const section of elf.sections) {
    if (section.name !== '.struct_ops' && section.name !== '.struct_ops.link') continue
    const variables = elf.symbols.filter(({ kind, section: at }) => kind === 'object' && at === section.index)
    maps.push(...variables.map(({ name }) => name))
    for (const { offset, symbol } of readRelocations(elf, section.index).values()) {
      const variable = variables.find(({ value, size }) => offset >= value && offset < value + size)
      const fn = functions.at(symbol.section, symbol.value)
      if (fn && variable) members.set(fn, variable.name)
    }
  }
  return { maps, members }
}
