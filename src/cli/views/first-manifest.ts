import { type Draft, type DraftMap, type DraftObject, type DraftProgram, mapTypeRule, type Value } from '../../index.ts'
import { guessHook } from './guessed-hooks.ts'
import { bytes, counted, grouped } from './text.ts'
import { flow, renderYaml, type YamlRow } from './yaml.ts'

/** What the text of a first manifest depends on beside its draft. */
export interface FirstManifest {
  readonly stack: string
  /** Path of each object's file as the manifest is to say it, by the object's name. */
  readonly files: ReadonlyMap<string, string>
  /** Programs that cannot be declared as they are, and why, by their names; they are commented out. */
  readonly refused: ReadonlyMap<string, string>
}

/** A commented manifest that declares everything in some objects and attaches nothing. */
export function renderFirstManifest(draft: Draft, first: FirstManifest): string {
  const programs = draft.programs.map((program) => programRow(program, reasonAgainst(program, first)))
  const maps = draft.maps.map((map) => mapRow(map, draft, first))
  const links = [
    ...draft.programs.flatMap((program) => linkRows(program, first)),
    ...draft.maps.flatMap((map) => structLinkRows(map, { draft, first })),
  ]
  const sections: readonly (YamlRow | undefined)[] = [
    { key: 'objects', rows: draft.objects.map((object) => objectRow(object, first)) },
    section('maps', maps, mapsAbove),
    section('programs', programs, programsAbove),
    section('links', links, linksAbove),
    section('pins', pinRows(draft), pinsAbove),
  ]
  const head: readonly YamlRow[] = [
    { key: 'version', value: '1' },
    { key: 'name', value: flow(first.stack), comment: `the stack; it will own /sys/fs/bpf/${first.stack}` },
  ]
  const body = sections.filter((row) => row !== undefined).map((row) => `\n${renderYaml([row])}`)
  return `${intro}${renderYaml(head)}${body.join('')}`
}

const intro = `# yaml-language-server: $schema=./node_modules/pinfold/schema/manifest.schema.json
# Written by \`pinfold init\`: everything that the objects declare, and nothing attached. Take in what is commented out as you
# need it, then look at it with \`pinfold plan\`. docs/manifest.md explains every field.
`

const mapsAbove = [
  'Every map that a program uses is created and pinned at live/maps/NAME. A live map cannot change its shape (type, sizes,',
  'entries, flags, layout of keys and values); `onChange` says what happens where the manifest wants another one:',
  'refuse: nothing, and say why; migrate: a new map, entries carried over by field; replace: a new map, entries lost.',
]
const programsAbove = [
  'Loaded, and pinned at live/programs/NAME. Remove what you do not want: libbpf loads all of them, too.',
]
const linksAbove = [
  'Guessed from the sections. Each link is pinned at live/links/NAME and switched atomically where the kernel can.',
]
const pinsAbove = [
  'The objects ask libbpf to pin these by name (LIBBPF_PIN_BY_NAME), so other tools look for them there.',
]

const section = (key: string, rows: readonly YamlRow[], above: readonly string[]): YamlRow | undefined =>
  rows.length === 0 ? undefined : { key, rows, above }

function objectRow({ name, file, globals }: DraftObject, { files }: FirstManifest): YamlRow {
  const path: YamlRow = { key: 'file', value: flow(files.get(name) ?? file.name), comment: 'relative to this manifest' }
  if (globals.length === 0) return { key: name, rows: [path] }
  const above = ['Variables, each with what the object has in it; those in .rodata are constants of the programs.']
  return { key: name, rows: [path, { key: 'globals', off: true, above, rows: globals.map(globalRow) }] }
}

function globalRow({ name, section: place, size, value }: DraftObject['globals'][number]): YamlRow {
  const row = valueRow(name, value)
  const shown = linesOf(row) <= mostLines ? row : unshown(name)
  return { ...shown, comment: shown.comment ? `${place}, ${bytes(size)}: ${shown.comment}` : place }
}

/** A struct that is too long for a line has one for each field. */
function valueRow(key: string, value: Value): YamlRow {
  const text = flow(value)
  if (text.length <= 60) return { key, value: text }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return unshown(key)
  return { key, rows: Object.entries(value).map(([field, each]) => valueRow(field, each)) }
}

const unshown = (key: string): YamlRow => ({ key, value: 'null', comment: 'too long to show; null is all zeros' })

const linesOf = ({ rows = [] }: YamlRow): number => rows.reduce((lines, row) => lines + linesOf(row), 1)
const mostLines = 30

function mapRow(map: DraftMap, draft: Draft, first: FirstManifest): YamlRow {
  const { name, users, spec } = map
  const use = users.length === 0 ? 'no program uses it' : `used by ${listed(users)}`
  const isStruct = spec.contents.kind === 'members'
  const row: YamlRow = { key: name, above: [isStruct ? describeStruct(map) : `${describeShape(map)}; ${use}`] }
  switch (spec.contents.kind) {
    case 'data':
      return dataRow(map, row)
    case 'members':
      return structRow(map, row, { draft, first })
    case 'programs':
      return { ...row, rows: slotRows(map, draft, first) }
    case 'maps':
      return { ...row, rows: [policyOf(map)] }
    case 'none':
      return { ...row, rows: [...sizeRows(map), ...contentRows(map, draft, first)] }
  }
}

const listed = (names: readonly string[]): string =>
  names.length <= 6
    ? names.join(', ')
    : `${names.slice(0, 5).join(', ')} and ${counted(names.length - 5, 'program')} more`

function describeStruct({ spec: { contents } }: DraftMap): string {
  return contents.kind === 'members'
    ? `struct ${contents.type} of the kernel; its programs: ${listed([...contents.slots.values()])}`
    : ''
}

function describeShape({ spec: { shape }, sizes }: DraftMap): string {
  const { type, keySize, valueSize, maxEntries, inner } = { ...shape, ...sizes }
  if (type === 'ringbuf' || type === 'user_ringbuf') return `${type} of ${bytes(maxEntries)}`
  const both = keySize === 0 ? bytes(valueSize) : `${keySize} + ${bytes(valueSize)}`
  const of = inner ? `, each ${inner.type} of ${grouped(inner.maxEntries)}` : ''
  return `${type}, ${maxEntries === 1 ? '1 entry' : `${grouped(maxEntries)} entries`} of ${both}${of}`
}

/** Without one of its programs there is no such map. */
function structRow({ spec, object }: DraftMap, row: YamlRow, { draft, first }: Context): YamlRow {
  const lacks = lacksProgram({ spec, object }, { draft, first })
  const comment = 'its programs are fixed: another one makes a new map'
  return { ...row, value: '{}', comment: lacks ? 'not without all of its programs' : comment, off: lacks }
}

function lacksProgram({ spec, object }: Pick<DraftMap, 'spec' | 'object'>, { draft, first }: Context): boolean {
  const members = spec.contents.kind === 'members' ? [...spec.contents.slots.values()] : []
  return draft.programs.some(
    (it) => it.object === object && members.includes(it.spec.name) && reasonAgainst(it, first) !== undefined,
  )
}

interface Context {
  readonly draft: Draft
  readonly first: FirstManifest
}

/** Constants come anew with their programs; what programs write can be kept. */
function dataRow({ spec }: DraftMap, row: YamlRow): YamlRow {
  const isConstant = spec.contents.kind === 'data' && spec.contents.frozen
  if (isConstant) return { ...row, off: true, value: '{}', comment: 'constants: made anew with the programs' }
  const comment = 'carry: variables keep their values when the section changes; reset: they start anew'
  return { ...row, rows: [{ key: 'globals', value: 'reset', comment }] }
}

const sizeRows = ({ sizes }: DraftMap): YamlRow[] =>
  Object.entries(sizes).map(([key, size]) => ({
    key,
    value: String(size),
    comment: 'the object leaves it to whoever loads it: choose',
  }))

/** Entries that can be walked, converted and written again. */
const migratable: ReadonlySet<string> = new Set([
  ...['hash', 'array', 'percpu_hash', 'percpu_array', 'lru_hash', 'lru_percpu_hash', 'lpm_trie'],
])

function policyOf({ spec }: DraftMap): YamlRow {
  const comment = migratable.has(spec.shape.type)
    ? 'or migrate, or replace'
    : 'or replace: what is in it cannot be carried over'
  return { key: 'onChange', value: 'refuse', comment }
}

function contentRows(map: DraftMap, draft: Draft, first: FirstManifest): YamlRow[] {
  const { type } = map.spec.shape
  if (type === 'prog_array') return slotRows(map, draft, first)
  if (mapTypeRule(type).holds === 'maps')
    return [{ key: 'inner', off: true, value: '{ 0: NAME }', comment: 'maps by index' }, policyOf(map)]
  const entries: YamlRow = { key: 'entries', off: true, value: sampleEntry(map), comment: 'what must be in it' }
  return [...(migratable.has(type) ? [entries] : []), policyOf(map)]
}

/** How entries of this map are written, where that fits into a line. */
function sampleEntry({ sample: { key, value } }: DraftMap): string {
  const isScalar = typeof key !== 'object' || key === null
  const text = isScalar ? `{ ${flow(key)}: ${flow(value)} }` : flow([{ key, value }])
  return text.length <= 100 ? text : '{ KEY: VALUE }'
}

/** The object's own slots hold by themselves, unless one of their programs is left out. */
function slotRows({ spec, object }: DraftMap, { programs }: Draft, first: FirstManifest): YamlRow[] {
  const { contents } = spec
  const named = (contents.kind === 'programs' ? [...contents.slots] : []).flatMap(([index, fn]) => {
    const program = programs.find((it) => it.object === object && it.spec.name === fn)
    return program && reasonAgainst(program, first) === undefined ? [[index, program.name] as const] : []
  })
  const text = named.length === 0 ? '{ 0: PROGRAM }' : flow(Object.fromEntries(named))
  const isComplete = contents.kind === 'programs' && named.length === contents.slots.size && named.length > 0
  const comment = isComplete ? 'as in the object' : 'the whole array: what is not named here is empty'
  const slots: YamlRow = { key: 'slots', value: text, comment, off: named.length === 0 }
  const how = 'a changed slot makes a new array, switched with its callers; in-place: that slot alone'
  return [slots, { key: 'onSlotChange', value: 'replace', comment: how }]
}

function programRow({ name, object, spec }: DraftProgram, reason: string | undefined): YamlRow {
  const renamed = name === spec.name ? [] : [`object: ${flow(object.name)}`, `function: ${flow(spec.name)}`]
  const value = renamed.length === 0 ? {} : { value: `{ ${renamed.join(', ')} }` }
  const comment = reason === undefined ? `SEC("${spec.section}")` : `SEC("${spec.section}"); ${reason}`
  return { key: name, ...value, comment, ...(reason !== undefined && { off: true }) }
}

function reasonAgainst({ name, spec }: DraftProgram, { refused }: FirstManifest): string | undefined {
  if (!spec.autoload) return 'loaded only when it is named'
  return refused.get(name)
}

/** Entry points of a program array are left out: what runs in a slot is hardly attached, too. */
function linkRows(program: DraftProgram, first: FirstManifest): YamlRow[] {
  const hook = guessHook(program.spec)
  if (!hook || reasonAgainst(program, first) !== undefined) return []
  const attach = hook.attach === undefined ? [] : [{ key: 'attach', value: hook.attach, comment: hook.fill }]
  const rows = [{ key: 'program', value: flow(program.name) }, ...attach]
  return [{ key: program.name, off: true, rows, comment: hook.attach === undefined ? hook.fill : undefined }]
}

/** A struct of functions is attached as a whole. */
const structLinkRows = (map: DraftMap, context: Context): YamlRow[] =>
  map.spec.contents.kind !== 'members' || lacksProgram(map, context)
    ? []
    : [{ key: map.name, off: true, rows: [{ key: 'attach', value: `{ structOps: { map: ${flow(map.name)} } }` }] }]

const pinRows = ({ maps }: Draft): YamlRow[] =>
  maps
    .filter(({ spec }) => spec.pinByName)
    .map(({ name, spec }) => ({
      key: `/sys/fs/bpf/${spec.name}`,
      value: `map.${name}`,
      comment: `if others own it: \`pinned:\` with this path under maps.${name}, and not here`,
    }))
