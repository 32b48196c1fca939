import type { ProgramSpec } from '../../model/program-spec.ts'
import type { BtfTypes } from '../btf/btf-types.ts'
import type { ExtInfo } from '../btf/ext-info.ts'
import { parseSectionName, type SectionMeaning } from '../section-names.ts'
import { type CoreRelocations, placeRelocations } from './core-relocations.ts'
import { debugInfoOf } from './debug-info.ts'
import { readExceptionCallbacks } from './exception-callbacks.ts'
import { type FlatProgram, flatten } from './flatten.ts'
import type { ObjectFunction } from './functions.ts'
import type { Names } from './resolve.ts'
import { scanner } from './scan.ts'

/** What programs are read from. */
export interface ProgramSources extends Names {
  readonly types: BtfTypes | undefined
  readonly ext: ExtInfo | undefined
  readonly relocations: CoreRelocations
  readonly note: (text: string) => void
}

/** Reads every program, its subprograms behind it. Throws an ObjectError. */
export function readPrograms(sources: ProgramSources): readonly ProgramSpec[] {
  const { elf, functions, note } = sources
  const scan = scanner(sources)
  const callbacks = readExceptionCallbacks(elf, sources.types, functions)
  const programs = functions.all.flatMap((fn) => {
    if (!fn.isEntry) return noteStatic(fn, note)
    const meaning = parseSectionName(fn.section.name)
    if (!meaning.type) note(`section ${fn.section.name} names no program type, so ${fn.name} needs one in the manifest`)
    const flat = flatten(fn, { byteOrder: elf.byteOrder, scan, exceptionCallback: callbacks.get(fn.name) })
    return [specOf(sources, { fn, meaning, flat })]
  })
  if (programs.length === 0 && functions.all.length > 0) note(withoutSection)
  return programs
}

const withoutSection = 'no function is a program: one becomes it by its section, as in SEC("xdp")'

function noteStatic(fn: ObjectFunction, note: (text: string) => void): readonly ProgramSpec[] {
  if (fn.section.name !== '.text') note(`${fn.name} in section ${fn.section.name} is static and no program of its own`)
  return []
}

interface Parts {
  readonly fn: ObjectFunction
  readonly meaning: SectionMeaning
  readonly flat: FlatProgram
}

function specOf({ ext, relocations, elf }: ProgramSources, { fn, meaning, flat }: Parts): ProgramSpec {
  const debug = ext && debugInfoOf(ext, flat.functions, elf.byteOrder)
  return {
    kind: 'program',
    name: fn.name,
    section: fn.section.name,
    ...meaning,
    code: flat.code,
    functions: [...flat.functions].map(([{ name }, start]) => ({ name, start })),
    ...(debug ? { debug } : {}),
    externs: flat.externs,
    undefined: flat.undefined,
    relocations: placeRelocations(relocations, flat.functions),
    unsupported: flat.unsupported,
  }
}
