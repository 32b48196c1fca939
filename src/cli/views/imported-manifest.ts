import type { ImportSurvey } from '../../index.ts'
import { flow, renderYaml, type YamlRow } from './yaml.ts'

/** What the text of an imported stack's manifest depends on beside what was found. */
export interface ImportedManifest {
  readonly stack: string
  /** Path of each object's file as the manifest is to say it, by the object's name. */
  readonly files: ReadonlyMap<string, string>
}

/** The manifest by which nothing changes about what was found; the same for the same survey. */
export function renderImportedManifest(survey: ImportSurvey, { stack, files }: ImportedManifest): string {
  const sections: readonly YamlRow[] = [
    { key: 'objects', rows: survey.objects.map((object) => objectRow(object, files)) },
    { key: 'maps', rows: survey.maps.flatMap(mapRows), above: mapsAbove },
    { key: 'programs', rows: survey.programs.map(programRow) },
    { key: 'links', rows: survey.links.map(linkRow) },
    { key: 'pins', rows: [...survey.pins].map(([path, address]) => ({ key: path, value: address })), above: pinsAbove },
  ]
  const head = renderYaml([
    { key: 'version', value: '1' },
    { key: 'name', value: flow(stack) },
  ])
  const body = sections.filter(({ rows = [] }) => rows.length > 0).map((row) => `\n${renderYaml([row])}`)
  return `${intro}${head}${body.join('')}`
}

const intro = `# yaml-language-server: $schema=./node_modules/pinfold/schema/manifest.schema.json
# Written by \`pinfold import\`: what was loaded, pinned and attached, so that the next plan is empty. docs/import.md says how to go on.
`
const mapsAbove = [
  'Maps that programs use are part of the stack without being listed; `onChange:` says what becomes of their entries.',
]
const pinsAbove = [
  'Where others find these objects; each upgrade moves the pins on, and a destroy removes them. Take out those that nobody needs.',
]

type Surveyed<K extends 'objects' | 'maps' | 'programs'> = ImportSurvey[K][number]

function objectRow({ name, file, globals }: Surveyed<'objects'>, files: ReadonlyMap<string, string>): YamlRow {
  const path: YamlRow = { key: 'file', value: flow(files.get(name) ?? file.name) }
  const values = [...globals].map(([key, value]) => ({ key, value: flow(value) }))
  const set: YamlRow = { key: 'globals', rows: values, above: ['As its loader set them.'] }
  return { key: name, rows: values.length === 0 ? [path] : [path, set] }
}

/** Only what the object does not say. */
function mapRows({ name, type, pinned, maxEntries, valueSize, slots, inner, unused }: Surveyed<'maps'>): YamlRow[] {
  if (pinned !== undefined)
    return [
      { key: name, rows: [{ key: 'pinned', value: flow(pinned), comment: 'of others: used and held, never changed' }] },
    ]
  const rows: YamlRow[] = [
    ...(maxEntries === undefined ? [] : [{ key: 'maxEntries', value: String(maxEntries) }]),
    ...(valueSize === undefined ? [] : [{ key: 'valueSize', value: String(valueSize) }]),
    ...(slots === undefined ? [] : [indexed('slots', slots)]),
    ...(inner === undefined ? [] : [indexed('inner', inner)]),
  ]
  if (rows.length > 0) return [{ key: name, rows }]
  return unused ? [{ key: name, comment: `${type}; no program uses it` }] : []
}

const indexed = (key: string, entries: ReadonlyMap<number, string>): YamlRow =>
  entries.size === 0
    ? { key, value: '{}', comment: 'empty, as it was found' }
    : { key, rows: [...entries].map(([index, name]) => ({ key: String(index), value: flow(name) })) }

function programRow({ name, object, function: fn, type, section }: Surveyed<'programs'>): YamlRow {
  const fields = [
    ...(object === undefined ? [] : [`object: ${flow(object)}`]),
    ...(fn === undefined ? [] : [`function: ${flow(fn)}`]),
    ...(type === undefined ? [] : [`type: ${type}`]),
  ]
  return { key: name, ...(fields.length > 0 && { value: `{ ${fields.join(', ')} }` }), comment: `SEC("${section}")` }
}

function linkRow({ name, program, attach }: ImportSurvey['links'][number]): YamlRow {
  const rows: YamlRow[] = [
    ...(program === undefined ? [] : [{ key: 'program', value: flow(program) }]),
    ...(attach === undefined ? [] : [{ key: 'attach', value: hookText(attach) }]),
  ]
  return { key: name, rows }
}

type Attach = NonNullable<ImportSurvey['links'][number]['attach']>

/** The manifest's words for a hook. */
function hookText(attach: Attach): string {
  switch (attach.kind) {
    case 'xdp':
      return flow({ xdp: { interface: attach.interface } })
    case 'tcx':
      return flow({ tcx: { interface: attach.interface, direction: attach.direction } })
    case 'cgroup':
    case 'netns': {
      const { path, attachType } = attach
      return flow({ [attach.kind]: { path, ...(attachType && { type: attachType }) } })
    }
    case 'tracepoint':
      return flow({ tracepoint: `${attach.category}/${attach.name}` })
    case 'raw_tracepoint':
      return flow({ rawTracepoint: attach.name })
    case 'iter':
      return flow({ iter: { ...(attach.map !== undefined && { map: attach.map }), ...startOf(attach) } })
    case 'struct_ops':
      return flow({ structOps: { map: attach.map } })
  }
}

function startOf({ start }: Attach & { readonly kind: 'iter' }) {
  if (!start) return {}
  return start.kind === 'cgroup' ? { cgroup: { path: start.path, order: start.order } } : { [start.kind]: start.number }
}
