import type { AttachType, MapShape, MapSpec, ObjectFile, ProgramSpec, ProgramType, Variable } from '../../index.ts'
import { programTags } from '../../util/program-tags.ts'
import type { Paint } from '../terminal.ts'
import { counted, grouped } from './text.ts'
import { aligned, type Branch, renderTree } from './tree.ts'

/** What an object file declares, as a tree; ends in a line break. */
export function renderObject(object: ObjectFile, paint: Paint): string {
  const { name, byteOrder, license, btf, notes } = object
  const groups: readonly Branch[] = [
    { text: 'programs', children: aligned(object.programs.map(programRow)) },
    { text: 'maps', children: aligned(object.maps.map(mapRow)) },
    { text: 'notes', children: notes.map((text) => ({ text })) },
  ]
  const facts = [`${byteOrder}-endian`, `license ${license === '' ? 'not given' : license}`, btf ? 'BTF' : 'no BTF']
  const root: Branch = {
    text: [paint('bold', name), ...facts].join(' · '),
    children: groups.filter((group) => (group.children ?? []).length > 0),
  }
  return `${renderTree(root).join('\n')}\n`
}

type Row = readonly [name: string, text: string, children?: readonly Branch[]]

function programRow(program: ProgramSpec): Row {
  const { name, section, type, attachType, code, autoload, relocations, unsupported } = program
  const what = type ? `${type}${attachType && attachType !== type ? ` ${attachType}` : ''}` : 'no program type'
  const maps = mapsOf(program)
  const uses = maps.length > 0 ? `, uses ${maps.join(', ')}` : ''
  const kernel = externsOf(program)
  const needs = kernel.length > 0 ? `, of the kernel ${kernel.join(', ')}` : ''
  const optional = autoload ? '' : ', only loaded when named'
  const tag = tagOf(program)?.sha256
  const adapted = relocations.length > 0 ? `, ${counted(relocations.length, 'CO-RE relocation')}` : ''
  const size = `${counted(code.instructions.length / 8, 'instruction')}${tag === undefined ? '' : `, tag ${tag}`}`
  const text = `${section}: ${what}, ${size}${adapted}${uses}${needs}${optional}`
  const problems = [
    ...program.undefined.map((symbol) => `undefined: ${symbol}`),
    ...unsupported.map((feature) => `not supported: ${feature}`),
  ]
  return [name, text, problems.map((problem) => ({ text: problem }))]
}

function mapRow(map: MapSpec): Row {
  const { type, keySize, valueSize, maxEntries } = map.shape
  const text = `${type}, key ${keySize} B, value ${valueSize} B, ${grouped(maxEntries)} max`
  return [map.name, text, contentBranches(map)]
}

function contentBranches({ contents, inner }: MapSpec): Branch[] {
  const template = inner ? [{ text: `inner maps: ${mapRow(inner)[1]}` }] : []
  if (contents.kind === 'none') return template
  if (contents.kind === 'data') {
    return contents.variables.map(({ name, size }) => ({ text: `${name}, ${counted(size, 'byte')}` }))
  }
  return [...template, ...[...contents.slots].map(([index, target]) => ({ text: `${index} -> ${target}` }))]
}

/** Of Linux 6.18 and later, and of earlier kernels; undefined where the code depends on the kernel that it is loaded into. */
function tagOf(program: ProgramSpec): { readonly sha256: string; readonly sha1: string } | undefined {
  const { code, relocations, externs, unsupported } = program
  if ([unsupported, program.undefined, relocations, externs].some(({ length }) => length > 0)) return undefined
  const [sha256, sha1] = programTags(code.instructions)
  return { sha256, sha1 }
}

const mapsOf = ({ code }: ProgramSpec): string[] => [...new Set(code.references.map((reference) => reference.map))]

const externsOf = ({ externs }: ProgramSpec): string[] => [...new Set(externs.map(({ name }) => name))]

/** What an object file declares, without the instructions. */
export interface ObjectDocument {
  readonly type: 'object'
  readonly version: 1
  /** The file, as the command line has it. */
  readonly name: string
  /** Of the code and of every value in it. */
  readonly byteOrder: ObjectFile['byteOrder']
  /** Empty where there is none. */
  readonly license: string
  /** It has type information. */
  readonly btf: boolean
  /** In the file's order. */
  readonly programs: readonly ObjectProgram[]
  /** In the file's order. */
  readonly maps: readonly ObjectMap[]
  /** Remarks that do not stop a load. */
  readonly notes: readonly string[]
}

/** A program as an object file declares it. */
export interface ObjectProgram
  extends Pick<ProgramSpec, 'name' | 'section' | 'flags' | 'autoload' | 'declTags' | 'undefined' | 'unsupported'> {
  /** Null where neither the section nor anything else says it. */
  readonly type: ProgramType | null
  /** Null where its type has none. */
  readonly attachType: AttachType | null
  /** The kernel function, tracepoint or iterator that it is loaded against; null where its type takes none, or the manifest has to say it. */
  readonly attachTarget: string | null
  /** 8-byte slots. */
  readonly instructions: number
  /** Its tags on Linux 6.18 and later, and on earlier kernels; null where the code depends on the kernel that it is loaded into. */
  readonly tags: { readonly sha256: string; readonly sha1: string } | null
  /** Names of the maps that it uses, in the order of first use. */
  readonly maps: readonly string[]
  /** How many CO-RE relocations it has. */
  readonly relocations: number
  /** What it leaves to the kernel: configuration, variables and functions. */
  readonly externs: readonly string[]
}

/** A map as an object file declares it. */
export interface ObjectMap
  extends Pick<MapSpec, 'name' | 'section' | 'declTags'>,
    Pick<MapShape, 'type' | 'keySize' | 'valueSize' | 'maxEntries' | 'flags'> {
  /** Of a data section: the kernel lets nobody write to it. */
  readonly frozen?: boolean
  /** Of a data section. */
  readonly variables?: readonly Variable[]
  /** Programs or maps by index (of struct_ops by member), where the object fills it. */
  readonly slots?: Readonly<Record<string, string>>
}

/** The same as a document, without the instructions. */
export const objectDocument = (object: ObjectFile): ObjectDocument => ({
  type: 'object',
  version: 1,
  name: object.name,
  byteOrder: object.byteOrder,
  license: object.license,
  btf: object.btf !== undefined,
  programs: object.programs.map((program) => ({
    name: program.name,
    section: program.section,
    type: program.type ?? null,
    attachType: program.attachType ?? null,
    attachTarget: program.attachTarget ?? null,
    flags: program.flags,
    autoload: program.autoload,
    ...(program.declTags && { declTags: program.declTags }),
    instructions: program.code.instructions.length / 8,
    tags: tagOf(program) ?? null,
    maps: mapsOf(program),
    relocations: program.relocations.length,
    externs: externsOf(program),
    undefined: program.undefined,
    unsupported: program.unsupported,
  })),
  maps: object.maps.map(mapDocument),
  notes: object.notes,
})

function mapDocument({ name, section, shape, declTags, contents }: MapSpec): ObjectMap {
  const { type, keySize, valueSize, maxEntries, flags } = shape
  const base = { name, section, type, keySize, valueSize, maxEntries, flags, ...(declTags && { declTags }) }
  if (contents.kind === 'data') return { ...base, frozen: contents.frozen, variables: contents.variables }
  return contents.kind === 'none' ? base : { ...base, slots: Object.fromEntries(contents.slots) }
}
