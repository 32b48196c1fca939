import type { Cursor } from '../cursor.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import type { Section } from '../elf/section.ts'
import type { ElfSymbol } from '../elf/symbols.ts'
import type { ConfigExtern, Externs } from '../externs/extern.ts'
import { type BtfTypes, typesOffset } from './btf-types.ts'
import type { BtfType, SectionVariable } from './decode-type.ts'

/** An object's BTF for the kernel. */
export interface PreparedBtf {
  readonly bytes: Uint8Array
  /** Ids of the types that differ from the compiled ones; all records keep their places and lengths. */
  readonly changed: ReadonlySet<number>
}

/**
 * Returns a copy of an object's BTF as BPF_BTF_LOAD takes it: clang leaves sizes and offsets of data sections to the
 * loader, the kernel refuses what is extern, and it verifies a hidden function with its callers if it is called static.
 */
export function prepareBtf(btf: Cursor, types: BtfTypes, { elf, externs }: Pick<Edit, 'elf' | 'externs'>): PreparedBtf {
  const bytes = btf.bytes.slice()
  const changed = new Set<number>()
  const hidden = new Set(
    elf.symbols.flatMap((symbol) => (symbol.hidden && !isProgram(elf, symbol) ? [symbol.name] : [])),
  )
  const write = writer(bytes, { btf, types, changed })
  const edit: Edit = { write, types, elf, hidden, values: valuesOf(elf), externs }
  for (let id = 1; id < types.count; id++) {
    const type = types.get(id)
    if (type.kind === 'section') prepareSection(edit, id, type)
    if (type.kind === 'function') prepareFunction(edit, id, type)
    if (type.kind === 'variable') prepareVariable(edit, id, type)
  }
  return { bytes, changed }
}

/** What the kernel enters stays global whatever its visibility, so that it can be replaced and traced. */
const isProgram = ({ sections }: ElfFile, { kind, section }: ElfSymbol): boolean =>
  kind === 'function' && sections[section]?.name !== '.text'

interface Edit {
  /** Writes a 32-bit number at a byte offset of a type's record. */
  readonly write: (id: number, at: number, value: number) => void
  readonly types: BtfTypes
  readonly elf: ElfFile
  /** Names of variables and called functions that are not visible outside of the object. */
  readonly hidden: ReadonlySet<string>
  /** Where symbols that are not local stand in their sections; by `section name`, since an object has hundreds of each. */
  readonly values: ReadonlyMap<string, number>
  readonly externs: Externs
}

type SectionType = Extract<BtfType, { readonly kind: 'section' }>
type VariableType = Extract<BtfType, { readonly kind: 'variable' }>
type FunctionType = Extract<BtfType, { readonly kind: 'function' }>

interface Written {
  readonly btf: Cursor
  readonly types: BtfTypes
  readonly changed: Set<number>
}

function writer(bytes: Uint8Array, { btf, types, changed }: Written): Edit['write'] {
  const view = new DataView(bytes.buffer)
  const start = typesOffset(btf)
  return (id, at, value) => {
    changed.add(id)
    view.setUint32(start + types.offsetOf(id) + at, value, btf.byteOrder === 'little')
  }
}

function prepareSection(edit: Edit, id: number, type: SectionType): void {
  if (type.name === '.kconfig') return prepareConfigSection(edit, id, type)
  const section = edit.elf.find(type.name)
  if (!section || section.size === 0) return disarmSection(edit, id, type)
  edit.write(id, 8, type.size || section.size)
  const places = type.variables.map((variable) => ({ ...variable, offset: offsetOf(edit, variable, section) }))
  writePlaces(edit, id, places)
}

/** The kernel wants them in order. */
function writePlaces(edit: Edit, id: number, places: readonly SectionVariable[]): void {
  const sorted = places.toSorted((a, b) => a.offset - b.offset)
  sorted.forEach((variable, index) => {
    const at = 12 + index * 12
    edit.write(id, at, variable.type)
    edit.write(id, at + 4, variable.offset)
    edit.write(id, at + 8, variable.size)
  })
}

/** The variables of the kernel's configuration become a map like a data section, with the places that loaders give them. */
function prepareConfigSection(edit: Edit, id: number, type: SectionType): void {
  const places = type.variables.flatMap((variable) => {
    const extern = configExtern(edit, variable.type)
    return extern ? [{ type: variable.type, offset: extern.offset, size: extern.size }] : []
  })
  edit.write(id, 8, Math.max(0, ...places.map(({ offset, size }) => offset + size)))
  writePlaces(edit, id, places)
}

function configExtern({ types, externs }: Edit, id: number): ConfigExtern | undefined {
  const variable = types.get(id)
  const extern = variable.kind === 'variable' ? externs.get(variable.name) : undefined
  return extern?.kind === 'config' ? extern : undefined
}

/** clang fills in the offsets of static variables only. */
function offsetOf({ types, values }: Edit, variable: SectionVariable, section: Section): number {
  const type = types.get(variable.type)
  if (type.kind !== 'variable' || type.linkage === 'static') return variable.offset
  return values.get(`${section.index} ${type.name}`) ?? variable.offset
}

function valuesOf({ symbols }: ElfFile): ReadonlyMap<string, number> {
  const values = new Map<string, number>()
  for (const { section, name, binding, value } of symbols) {
    const key = `${section} ${name}`
    // Of two of one name the first counts.
    if (binding !== 'local' && !values.has(key)) values.set(key, value)
  }
  return values
}

const infoOf = (kind: number, count: number): number => ((kind << 24) | count) >>> 0

/** `.ksyms` has no bytes: a struct of as many integers takes their place, id and length kept. */
function disarmSection(edit: Edit, id: number, type: SectionType): void {
  const integer = anInteger(edit.types)
  if (integer === undefined) return
  edit.write(id, 0, 0)
  edit.write(id, 4, infoOf(4, type.variables.length))
  edit.write(id, 8, 4 * type.variables.length)
  type.variables.forEach((_, index) => {
    const at = 12 + index * 12
    edit.write(id, at, 0)
    edit.write(id, at + 4, integer)
    edit.write(id, at + 8, 32 * index)
  })
}

/** A hidden variable is nobody else's: called static, it does not make its section mappable, as with libbpf. */
function prepareVariable(edit: Edit, id: number, type: VariableType): void {
  if (type.linkage === 'extern') prepareExtern(edit, id)
  else if (type.linkage === 'global' && edit.hidden.has(type.name)) edit.write(id, 12, 0)
}

/** A variable of the configuration keeps its type, since it gets a place; others have none. */
function prepareExtern(edit: Edit, id: number): void {
  const integer = configExtern(edit, id)?.typeId ?? anInteger(edit.types)
  if (integer === undefined) return
  edit.write(id, 8, integer)
  edit.write(id, 12, 1)
}

function anInteger(types: BtfTypes): number | undefined {
  for (let id = 1; id < types.count; id++) {
    const type = types.get(id)
    if (type.kind === 'int' && type.size === 4) return id
  }
  return undefined
}

function prepareFunction(edit: Edit, id: number, type: FunctionType): void {
  if (type.linkage === 'extern') {
    edit.write(id, 4, infoOf(12, 1))
    nameParameters(edit, id, type)
  } else if (type.linkage === 'global' && edit.hidden.has(type.name)) {
    edit.write(id, 4, infoOf(12, 0))
  }
}

/** The kernel wants a name for every parameter of a function; clang has none for extern ones. */
function nameParameters(edit: Edit, id: number, type: FunctionType): void {
  const prototype = edit.types.get(type.prototype)
  if (prototype.kind !== 'prototype') return
  prototype.parameters.forEach((parameter, index) => {
    if (parameter !== 0) edit.write(type.prototype, 12 + index * 8, edit.types.nameOffsetOf(id))
  })
}
