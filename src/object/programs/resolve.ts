import type { ExternUse } from '../../model/program-spec.ts'
import type { ElfFile } from '../elf/elf-file.ts'
import type { Relocation } from '../elf/relocations.ts'
import { isCode } from '../elf/section.ts'
import type { ElfSymbol } from '../elf/symbols.ts'
import type { Externs } from '../externs/extern.ts'
import { configSection } from '../maps/data-maps.ts'
import type { ObjectMap } from '../maps/object-map.ts'
import { type FunctionTable, type ObjectFunction, stripped } from './functions.ts'
import { type Instructions, opcodes, pseudo, pseudoCall } from './instructions.ts'

/** What an instruction refers to. Indices count 8-byte slots from the start of its function. */
export type Target =
  | { readonly kind: 'call'; readonly index: number; readonly callee: ObjectFunction }
  | { readonly kind: 'callback'; readonly index: number; readonly callee: ObjectFunction }
  | { readonly kind: 'map'; readonly index: number; readonly map: string }
  | ValueTarget
  | { readonly kind: 'extern'; readonly index: number; readonly use: ExternUse['use']; readonly name: string }
  | { readonly kind: 'undefined'; readonly index: number; readonly name: string }
  | { readonly kind: 'unsupported'; readonly index: number; readonly what: string }

interface ValueTarget {
  readonly kind: 'value'
  readonly index: number
  readonly map: string
  readonly offset: number
  readonly variables?: number
}

/** Everything that names in the code can mean. */
export interface Names {
  readonly elf: ElfFile
  readonly functions: FunctionTable
  /** The map at a byte offset of a section. */
  readonly mapAt: (section: number, offset: number) => ObjectMap | undefined
  readonly externs: Externs
}

/** An instruction in its function, and the relocation there, if any. */
export interface Site {
  readonly instructions: Instructions
  readonly index: number
  readonly caller: ObjectFunction
  readonly relocation: Relocation | undefined
}

/** Says what an instruction refers to; undefined for the many that refer to nothing. Throws an ObjectError (O031). */
export function resolve(names: Names, site: Site): Target | undefined {
  const opcode = site.instructions.opcode(site.index)
  if (opcode === opcodes.call) return resolveCall(names, site)
  if (opcode === opcodes.loadImmediate64) return resolveLoad(names, site)
  if (!site.relocation) return undefined
  return unsupported(site, `relocation of instruction 0x${opcode.toString(16)} to ${site.relocation.symbol.name}`)
}

const unsupported = ({ index }: Site, what: string): Target => ({ kind: 'unsupported', index, what })

function resolveCall(names: Names, site: Site): Target | undefined {
  const { instructions, index, caller, relocation } = site
  const source = instructions.source(index)
  if (relocation && isExtern(relocation.symbol)) return resolveExtern(names, site, relocation.symbol)
  if (source === pseudoCall.helper && !relocation) return undefined
  if (source !== pseudoCall.local) return unsupported(site, `a call of kind ${source}`)
  const base = relocation ? relocation.symbol.value / 8 : caller.offset / 8 + index
  const section = relocation?.symbol.section ?? caller.section.index
  const slot = base + instructions.immediate(index) + 1
  return { kind: 'call', index, callee: calleeAt(names, site, { section, offset: slot * 8 }) }
}

const isExtern = (symbol: ElfSymbol): boolean => symbol.section === 0

/** Configuration is a map; where variables and functions of the kernel are is known when it is known which kernel. */
function resolveExtern({ externs }: Names, site: Site, { name }: ElfSymbol): Target {
  const { index, instructions } = site
  const extern = externs.get(name)
  if (!extern) return { kind: 'undefined', index, name }
  const isCall = instructions.opcode(index) === opcodes.call
  if (isCall && extern.kind !== 'function') return unsupported(site, `a call of the variable ${name}`)
  if (extern.kind === 'config') return { kind: 'value', index, map: configSection, offset: extern.offset }
  return { kind: 'extern', index, use: isCall ? 'call' : 'load', name }
}

interface Place {
  readonly section: number
  readonly offset: number
}

function calleeAt(names: Names, site: Site, { section, offset }: Place): ObjectFunction {
  const callee = names.functions.at(section, offset)
  return (
    callee ??
    fail(
      names,
      site,
      `it refers to byte ${offset} of section ${sectionName(names, section)}, where no function starts${stripped}`,
    )
  )
}

const sectionName = ({ elf }: Names, section: number): string =>
  elf.sections[section]?.name ?? (section === common ? 'COMMON (compile it with -fno-common)' : `#${section}`)

/** SHN_COMMON: a linker would make room for it. */
const common = 0xfff2

function resolveLoad(names: Names, site: Site): Target | undefined {
  const { instructions, index, relocation } = site
  if (index + 1 >= instructions.count) return fail(names, site, 'a 16-byte instruction is cut in half')
  const source = instructions.source(index)
  if (!relocation) return source === 0 ? undefined : unsupported(site, `a 64-bit load of kind ${source} without a name`)
  const { symbol } = relocation
  if (isExtern(symbol)) return resolveExtern(names, site, symbol)
  const immediate = instructions.immediate(index)
  const section = names.elf.sections[symbol.section]
  if (section && isCode(section)) {
    const place = { section: symbol.section, offset: symbol.value + immediate }
    return { kind: 'callback', index, callee: calleeAt(names, site, place) }
  }
  return resolveMap(names, site, symbol)
}

/** Static things are named by their section, with the offset in the instruction. */
function resolveMap(names: Names, site: Site, symbol: ElfSymbol): Target {
  const { index } = site
  const addend = site.instructions.immediate(index)
  const offset = symbol.value + addend
  const start = symbol.kind === 'section' ? offset : symbol.value
  const map = names.mapAt(symbol.section, start)
  if (!map) return unsupported(site, `data in section ${sectionName(names, symbol.section)}`)
  if (map.unsupported !== undefined) return unsupported(site, map.unsupported)
  if (map.kind === 'map') return { kind: 'map', index, map: map.name }
  const variables = map.variables === undefined ? {} : { variables: map.variables }
  return { kind: 'value', index, map: map.name, offset: offset >>> 0, ...variables }
}

function fail({ elf }: Names, { caller, index }: Site, what: string): never {
  return elf.open(caller.section).fail('O031', `${what} (function ${caller.name})`, caller.offset + index * 8)
}

/** The source register that the kernel wants for a target. */
export const sourceFor: Readonly<Record<'callback' | 'map' | 'value', number>> = {
  callback: pseudo.function,
  map: pseudo.mapFd,
  value: pseudo.mapValue,
}
