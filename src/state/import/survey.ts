import type { AttachPlaces } from '../../kernel/attach-places.ts'
import type { Kernel, MapInfo } from '../../kernel/kernel.ts'
import { type Address, linkAddress, type MapAddress, nameOf, programAddress } from '../../model/address.ts'
import type { Diagnostic } from '../../model/diagnostic.ts'
import { PlanError } from '../../model/errors.ts'
import type { MapId } from '../../model/ids.ts'
import type { BtfFile } from '../../model/machine.ts'
import { mapTypeRule } from '../../model/map-types.ts'
import type { ProgramType } from '../../model/program-types.ts'
import type { ImportedObject } from '../../model/record.ts'
import type { Value } from '../../model/value.ts'
import type { ObjectFile } from '../../object/object-file.ts'
import { indexKey, numberAt } from '../held.ts'
import { lacksValueSize } from '../map-size.ts'
import { openOrGone } from '../open-or-gone.ts'
import { misplacedVariables } from './arena-places.ts'
import { attachedOtherwise } from './attachments.ts'
import { candidatePrograms } from './candidates.ts'
import { changedGlobals } from './changed-globals.ts'
import { type Drafted, type DraftedMap, type DraftedProgram, draftOn } from './drafted.ts'
import { Found, type Search } from './found.ts'
import { type ImportedLink, importLinks } from './import-links.ts'
import { matchMaps, ownersPin } from './match-maps.ts'
import { matchPrograms } from './match-programs.ts'

/** What is to be imported, and from where. */
export interface ImportQuestion extends Search {
  /** The objects that the programs were loaded from. */
  readonly files: readonly ObjectFile[]
  /** Reads an object again by its absolute path. */
  readonly readFile: (path: string) => Uint8Array
  /** What programs can be attached to. */
  readonly places: AttachPlaces
  /** BTF that CO-RE took in the place of the kernel's own. */
  readonly btf?: BtfFile | undefined
}

/** What a manifest has to say so that nothing changes, and what is behind each of its addresses. */
export interface ImportSurvey {
  readonly objects: readonly SurveyedObject[]
  readonly maps: readonly SurveyedMap[]
  readonly programs: readonly SurveyedProgram[]
  readonly links: readonly ImportedLink[]
  /** Where else the stack's objects stay pinned. */
  readonly pins: ReadonlyMap<string, Address>
  /** Maps of others are not among them. */
  readonly imports: ReadonlyMap<Address, ImportedObject>
  /** Errors stand in the way; the rest is what a reader has to know. */
  readonly findings: readonly Diagnostic[]
}

export interface SurveyedObject {
  readonly name: string
  readonly file: ObjectFile
  /** Variables that its loader set. */
  readonly globals: ReadonlyMap<string, Value>
}

export interface SurveyedMap {
  readonly name: string
  readonly type: string
  /** Kernel id. */
  readonly id: number
  /** Where its owner pins it; absent: it becomes the stack's. */
  readonly pinned?: string
  /** Not the object's. */
  readonly maxEntries?: number
  /** Bytes; where the object does not say it. */
  readonly valueSize?: number
  /** Programs of an array by index, by their names in the manifest. */
  readonly slots?: ReadonlyMap<number, string>
  /** Maps of an outer map by index. */
  readonly inner?: ReadonlyMap<number, string>
  /** No imported program uses it. */
  readonly unused: boolean
}

export interface SurveyedProgram {
  readonly name: string
  readonly id: number
  /** Given where the name is not its function's. */
  readonly object?: string
  readonly function?: string
  readonly section: string
  /** Not the one of its section. */
  readonly type?: ProgramType
}

/** Looks at what is pinned, attached and loaded, and matches it with objects. Changes nothing; throws PlanError P187, P188. */
export function surveyImport(kernel: Kernel, question: ImportQuestion): ImportSurvey {
  const found = new Found(kernel, question)
  const drafted = draftOn(kernel, question.files, question)
  const programs = matchPrograms(found, candidatePrograms(found), drafted)
  const maps = matchMaps(found, programs.matched, drafted)
  const { places } = question
  const links = importLinks(found, { programs: programs.matched, maps: maps.matched, places })
  if (programs.matched.size + maps.matched.size + programs.findings.length === 0) throw nothingIn(question)
  const survey = { found, drafted, programs: programs.matched, maps: maps.matched, links: links.links }
  const globals = survey.drafted.maps.flatMap((map) => globalsOf(survey, map))
  return {
    objects: drafted.draft.objects.map(({ name, file }) => ({ name, file, globals: globalsIn(globals, name) })),
    maps: drafted.maps.flatMap((map) => surveyMap(survey, map)),
    programs: [...programs.matched].map(([id, program]) => surveyProgram(found, id, program)),
    links: links.links,
    ...objectsOf(survey),
    findings: [
      ...programs.findings,
      ...maps.findings,
      ...globals.flatMap(({ findings }) => findings),
      ...misplacedVariables(kernel, { programs: programs.matched, maps: maps.matched }),
      ...links.findings,
      ...attachedOtherwise(found, programs.matched, question.places),
    ],
  }
}

const nothingIn = ({ paths }: ImportQuestion): PlanError =>
  new PlanError(
    `cannot import ${paths.join(', ')}: nothing there is what the objects declare, or it belongs to a stack`,
    {
      code: 'P187',
      hint: 'pinfold show lists the stacks; name the objects that the rest was loaded from with --object',
    },
  )

interface Surveying {
  readonly found: Found
  readonly drafted: Drafted
  readonly programs: ReadonlyMap<number, DraftedProgram>
  readonly maps: ReadonlyMap<MapAddress, number>
  readonly links: readonly ImportedLink[]
}

function globalsOf({ found, maps }: Surveying, map: DraftedMap) {
  const id = maps.get(map.state.address)
  return id === undefined ? [] : [{ object: map.object.name, ...changedGlobals(found, map, id) }]
}

const globalsIn = (all: ReturnType<typeof globalsOf>, name: string): ReadonlyMap<string, Value> =>
  new Map(all.flatMap(({ object, values }) => (object === name ? [...values] : [])))

function surveyMap(survey: Surveying, map: DraftedMap): SurveyedMap[] {
  const { found, maps, programs } = survey
  const { name, state } = map
  const id = maps.get(state.address)
  const info = id === undefined ? undefined : found.map(id)
  if (id === undefined || !info) return []
  const unused = ![...programs.values()].some(({ uses }) => uses.includes(state.address))
  const pinned = ownersPin(found, id)
  const base = { name, type: state.shape.type, id, unused }
  if (pinned !== undefined) return [{ ...base, pinned }]
  return [
    {
      ...base,
      ...(isSizedByLoader(map, info) && { maxEntries: info.shape.maxEntries }),
      ...(lacksValueSize(map.spec) && { valueSize: info.shape.valueSize }),
      ...(state.shape.type === 'prog_array' && { slots: slotsOf(survey, id) }),
      ...(state.contents.kind === 'inner' && { inner: innerOf(survey, id, [...state.contents.slots.keys()]) }),
    },
  ]
}

/** A data section has one entry; what the kernel itself rounds up no manifest has to say. */
function isSizedByLoader({ spec, state }: DraftedMap, info: MapInfo): boolean {
  const [wanted, found] = [state.shape.maxEntries, info.shape.maxEntries]
  if (spec.contents.kind === 'data' || found === 0) return false
  const isPerCpuEvents = state.shape.type === 'perf_event_array'
  if (spec.shape.maxEntries === 0 && !isPerCpuEvents) return true
  const isRounded = mapTypeRule(state.shape.type).adjusted === 'rounds-entries' && !isPerCpuEvents
  return isRounded ? found < wanted || found >= wanted + possibleCpus : found !== wanted
}

/** The kernel rounds up to a multiple of the CPUs; more than it supports at most. */
const possibleCpus = 4096

/** A slot with a program that no object matches has its complaint. */
function slotsOf({ found, programs }: Surveying, id: number): ReadonlyMap<number, string> {
  const slots = [...(found.graph.maps.get(id as MapId)?.programs ?? [])].sort(([a], [b]) => a - b)
  return new Map(
    slots.flatMap(([index, program]) => {
      const match = programs.get(program)
      return match ? [[index, match.name] as const] : []
    }),
  )
}

function innerOf(
  { found: { kernel }, maps }: Surveying,
  id: number,
  indexes: readonly number[],
): ReadonlyMap<number, string> {
  using outer = openOrGone(kernel, 'map', id)
  const names = new Map([...maps].map(([address, each]) => [each, nameOf(address)]))
  return new Map(
    indexes.flatMap((index) => {
      const value = outer && kernel.lookup(outer, indexKey(kernel, index))
      const name = value && names.get(numberAt(kernel, value, 0))
      return name === undefined ? [] : [[index, name] as const]
    }),
  )
}

function surveyProgram(found: Found, id: number, { name, spec, object }: DraftedProgram): SurveyedProgram {
  const type = found.program(id)?.type
  const other = name === spec.name ? {} : { object: object.name, function: spec.name }
  return { name, id, section: spec.section, ...other, ...(type && type !== spec.type && { type }) }
}

/** The stack's objects by their addresses, and the pins that they have. */
function objectsOf({ found, maps, programs, links }: Surveying): Pick<ImportSurvey, 'imports' | 'pins'> {
  const own = [...maps].filter(([, id]) => ownersPin(found, id) === undefined)
  const all = [
    ...own.map(([address, id]) => ({ address, id, pins: found.pinsOf('map', id) })),
    ...[...programs].map(([id, { name }]) => ({
      address: programAddress(name),
      id,
      pins: found.pinsOf('program', id),
    })),
    ...links.map(({ name, id }) => ({ address: linkAddress(name), id, pins: found.pinsOf('link', id) })),
  ]
  const imports = all.map(
    ({ address, id, pins: [path] }) => [address, { id, ...(path !== undefined && { path }) }] as const,
  )
  return {
    imports: new Map<Address, ImportedObject>(imports),
    pins: new Map<string, Address>(
      all
        .flatMap(({ address, pins }) => pins.map((path) => [path, address] as const))
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  }
}
