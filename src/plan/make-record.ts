import { nameOf } from '../model/address.ts'
import type { RecordedMigration } from '../model/migration.ts'
import type { RecordedLink, RecordedMap, RecordedProgram, StackRecord, WrittenEntry } from '../model/record.ts'
import type { DesiredState, LinkState, MapState, ProgramState } from '../model/state.ts'
import { toBase64 } from '../util/base64.ts'
import { programTags } from '../util/program-tags.ts'

/** What a record says beside the wanted state. */
export interface RecordOptions {
  /** The generation that it replaces; default: none. */
  readonly former?: number
  /** What is to be carried over from there; default: nothing. */
  readonly migrations?: readonly RecordedMigration[]
  /** Directories that are made for pins elsewhere; default: none. */
  readonly directories?: readonly string[]
  /** Entries of live maps that are changed on the way; default: none. */
  readonly written?: readonly WrittenEntry[]
}

/** What the kernel would forget of a wanted state, to be pinned beside it. */
export function makeRecord(desired: DesiredState, generation: number, options: RecordOptions = {}): StackRecord {
  return { ...stackOf(desired, generation, options), ...rowsOf(desired) }
}

type Rows = Pick<StackRecord, 'programs' | 'maps' | 'links'>

function stackOf(
  desired: DesiredState,
  generation: number,
  { former = 0, migrations = [], directories = [], written = [] }: RecordOptions,
): Omit<StackRecord, keyof Rows> {
  return {
    version: 1,
    stack: desired.stack,
    generation,
    phase: 'published',
    manifest: desired.digest(),
    ...protection(desired),
    ...(desired.history ? { history: desired.history } : {}),
    ...(desired.drain === undefined ? {} : { drain: desired.drain }),
    ...(desired.confirmWithin === undefined ? {} : { awaits: { within: desired.confirmWithin, former } }),
    ...(desired.ownership ? { ownership: desired.ownership } : {}),
    ...(desired.imports ? { imports: Object.fromEntries(desired.imports) } : {}),
    ...(desired.pins?.size ? { pins: recordPins(desired.pins) } : {}),
    ...(directories.length > 0 ? { directories } : {}),
    ...(migrations.length > 0 ? { migrations } : {}),
    ...(written.length > 0 ? { written } : {}),
  }
}

function rowsOf({ resources }: DesiredState): Rows {
  const programs: Record<string, RecordedProgram> = {}
  const maps: Record<string, RecordedMap> = {}
  const links: Record<string, RecordedLink> = {}
  for (const resource of resources.values()) {
    if (resource.kind === 'map')
      maps[nameOf(resource.address)] = { ...recordMap(resource), ...retention(resource), ...protection(resource) }
    else if (resource.kind === 'program') Object.assign(programs, recordProgram(resource))
    else Object.assign(links, recordLink(resource))
  }
  return { programs, maps, links }
}

const retention = ({ onDestroy }: Pick<MapState, 'onDestroy'>): Pick<RecordedMap, 'onDestroy'> =>
  onDestroy ? { onDestroy } : {}

const protection = ({ protect }: { readonly protect?: boolean | undefined }): { readonly protect?: true } =>
  protect ? { protect } : {}

const recordPins = (pins: DesiredState['pins'] & object): StackRecord['pins'] & object =>
  Object.fromEntries([...pins].map(([path, { address }]) => [path, address]))

function recordProgram(program: ProgramState): Record<string, RecordedProgram> {
  if (!program.load || !program.code) return {}
  const instructions = toBase64(program.code.instructions)
  const { references } = program.code
  const tags = programTags(program.code.instructions)
  const recorded = { load: program.load, tags, instructions, references, ...protection(program) }
  return { [nameOf(program.address)]: recorded }
}

function recordMap(map: MapState): RecordedMap {
  const { owner, pinned, layout, contents, shape } = map
  return {
    owner,
    pinned,
    layout,
    ...(shape.inner ? { innerShape: shape.inner } : {}),
    ...(map.foreignPath === undefined ? {} : { foreignPath: map.foreignPath }),
    ...(contents.kind === 'slots'
      ? { slots: Object.fromEntries(contents.slots) as RecordedMap['slots'] & object }
      : {}),
    ...(contents.kind === 'inner'
      ? { inner: Object.fromEntries(contents.slots) as RecordedMap['inner'] & object }
      : {}),
    ...(contents.kind === 'entries' ? { entries: contents.entries } : {}),
    ...(contents.kind === 'data' ? recordData(contents) : {}),
    ...(contents.kind === 'members' ? recordMembers(contents) : {}),
  }
}

function recordData(contents: MapState['contents'] & { kind: 'data' }): Pick<RecordedMap, 'initial' | 'frozen'> {
  return { frozen: contents.frozen, ...(contents.initial === undefined ? {} : { initial: contents.initial }) }
}

function recordMembers({ value, slots }: MapState['contents'] & { kind: 'members' }): Pick<RecordedMap, 'members'> {
  return value === undefined ? {} : { members: { value, slots: Object.fromEntries(slots) as Recorded } }
}

type Recorded = NonNullable<RecordedMap['members']>['slots']

function recordLink({
  address,
  program,
  target,
  onReplace,
  onDestroy,
  protect,
}: LinkState): Record<string, RecordedLink> {
  if (program.includes('#')) return {}
  const recorded = {
    program: program as RecordedLink['program'],
    target,
    ...(onDestroy && { onDestroy }),
    ...protection({ protect }),
  }
  return { [nameOf(address)]: onReplace === 'gap' ? { ...recorded, onReplace } : recorded }
}
