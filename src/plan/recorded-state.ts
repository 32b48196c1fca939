import {
  type Address,
  linkAddress,
  type MapAddress,
  mapAddress,
  nameOf,
  type ProgramAddress,
  programAddress,
} from '../model/address.ts'
import { describeTarget } from '../model/link-spec.ts'
import type { RecordedLink, RecordedMap, RecordedProgram, StackRecord } from '../model/record.ts'
import type {
  CurrentState,
  DesiredState,
  LinkState,
  MapContents,
  MapState,
  ProgramState,
  Resource,
  State,
} from '../model/state.ts'
import { fromBase64 } from '../util/base64.ts'

/** What pinfold last applied, in the two roles that a comparison has. */
export interface RecordedState {
  /** As a wish: to compare with what is there now. */
  readonly wanted: State
  /** As if it were there unchanged: to compare with what the manifest wants now. */
  readonly untouched: State
  /** What is there now, without the contents that were not declared then. */
  readonly found: State
}

/**
 * What the live tree's record says, as states; undefined where there is no record, or one whose objects a destroy has removed.
 * `desired` tells what the record does not: the shape of a map that is gone, the policy of an array.
 */
export function recordedState(current: CurrentState, desired?: State): RecordedState | undefined {
  const { record, stack, generation } = current
  if (record?.phase !== 'published') return undefined
  const resources = [...mapsOf(record, current, desired), ...programsOf(record, current), ...recordedLinks(record)]
  const state = (found: readonly Resource[]): State => ({ stack, generation, resources: byAddress(found) })
  return {
    wanted: state(resources.map((it) => asForeign(it, desired) ?? it)),
    untouched: state(resources.map((it) => asForeign(it, desired) ?? asLive(asResolved(it, desired), current))),
    found: state([...current.resources.values()].map((it) => (it.kind === 'map' ? asDeclared(it, record) : it))),
  }
}

const byAddress = (resources: readonly Resource[]): Map<Address, Resource> =>
  new Map(resources.map((resource) => [resource.address, resource]))

/** Somebody else's map: its owner decides which one it is, not the manifest. */
function asForeign(resource: Resource, desired: State | undefined): Resource | undefined {
  if (resource.kind !== 'map' || resource.owner !== 'foreign') return undefined
  const id = desired?.resources.get(resource.address)?.live?.id as NonNullable<MapState['live']>['id'] | undefined
  return id === undefined ? undefined : { ...resource, live: { id, pins: [] } }
}

/** Which number an interface or cgroup of that name has today is no matter of the manifest. */
function asResolved(resource: Resource, desired: State | undefined): Resource {
  const wish = desired?.resources.get(resource.address)
  if (resource.kind !== 'link' || wish?.kind !== 'link') return resource
  const isSameName = describeTarget(resource.target) === describeTarget(wish.target)
  return isSameName ? { ...resource, target: wish.target } : resource
}

/** With its pin, and the id of what stands there. */
function asLive(resource: Resource, current: CurrentState): Resource {
  const { kind, address } = resource
  const id = current.resources.get(address)?.live?.id ?? 0
  const pins = kind === 'map' && !resource.pinned ? [] : [`live/${kind}s/${nameOf(address)}`]
  const live = { id, pins, severed: false, tag: '' }
  return { ...resource, live } as Resource
}

/** Only what pinfold declared then: a manifest's new keys are none of its business. */
function asDeclared(map: MapState, { maps }: StackRecord): MapState {
  const recorded = Object.hasOwn(maps, nameOf(map.address)) ? maps[nameOf(map.address)] : undefined
  const { contents } = map
  if (contents.kind === 'entries') {
    const keys = new Set(recorded?.entries?.map(({ key }) => key))
    return { ...map, contents: { kind: 'entries', entries: contents.entries.filter(({ key }) => keys.has(key)) } }
  }
  if (contents.kind === 'slots' && map.owner === 'foreign') {
    const slots = [...contents.slots].filter(([index]) => recorded?.slots?.[index] !== undefined)
    return { ...map, contents: { kind: 'slots', slots: new Map(slots) } }
  }
  return map
}

function mapsOf({ maps }: StackRecord, current: CurrentState, desired: State | undefined): MapState[] {
  return Object.entries(maps).map(([name, recorded]) => {
    const address = mapAddress(name)
    const [live, wish] = [current.resources.get(address), desired?.resources.get(address)]
    const known = live?.kind === 'map' ? live : wish?.kind === 'map' ? wish : undefined
    const shape = known?.shape ?? unknownShape
    return {
      ...mapOf(address, recorded),
      shape: recorded.innerShape ? { ...shape, inner: recorded.innerShape } : shape,
      ...(wish?.kind === 'map' ? { onSlotChange: wish.onSlotChange } : {}),
    }
  })
}

/** The record has no shapes, since the kernel tells them; of a map that is gone nothing is compared. */
const unknownShape: MapState['shape'] = { type: 'hash', keySize: 0, valueSize: 0, maxEntries: 0, flags: 0, mapExtra: 0 }

const mapOf = (address: MapAddress, recorded: RecordedMap): Omit<MapState, 'shape'> => ({
  kind: 'map',
  address,
  name: nameOf(address),
  owner: recorded.owner,
  ...(recorded.foreignPath === undefined ? {} : { foreignPath: recorded.foreignPath }),
  layout: recorded.layout,
  pinned: recorded.pinned,
  contents: recordedContents(recorded),
  onChange: 'replace',
  onSlotChange: 'replace',
})

/** What a map held that pinfold declared. */
export function recordedContents(recorded: RecordedMap): MapContents {
  const { slots, inner, entries, frozen, initial, members } = recorded
  if (members) return { kind: 'members', value: members.value, slots: byIndex<ProgramAddress>(members.slots) }
  if (slots) return { kind: 'slots', slots: byIndex<ProgramAddress>(slots) }
  if (inner) return { kind: 'inner', slots: byIndex<MapAddress>(inner) }
  if (entries) return { kind: 'entries', entries }
  return frozen === undefined ? { kind: 'runtime' } : { kind: 'data', initial, frozen }
}

const byIndex = <T>(slots: Readonly<Record<string, T>>): ReadonlyMap<number, T> =>
  new Map(Object.entries(slots).map(([index, held]) => [Number(index), held]))

/** Code and load attributes of a recorded program. */
export const recordedLoad = (recorded: RecordedProgram): Pick<ProgramState, 'load' | 'code'> => ({
  load: recorded.load,
  code: { instructions: fromBase64(recorded.instructions), references: recorded.references },
})

function programsOf({ programs }: StackRecord, { resources }: CurrentState): ProgramState[] {
  return Object.entries(programs).map(([name, recorded]) => {
    const address = programAddress(name)
    const live = resources.get(address)
    // Maps that are only bound to it are in no reference.
    const bound = live?.kind === 'program' ? live.maps.filter((map) => !map.startsWith('#')) : []
    const maps = [...new Set([...recorded.references.map(({ map }) => map), ...bound])]
    return { kind: 'program', address, name, ...recordedLoad(recorded), maps }
  })
}

/** The links of a record as they were wanted. */
export const recordedLinks = ({ links }: StackRecord): LinkState[] =>
  Object.entries(links).map(([name, it]) => linkOf(name, it))

const linkOf = (name: string, { program, target, onReplace, onDestroy, protect }: RecordedLink): LinkState => ({
  kind: 'link',
  address: linkAddress(name),
  program,
  target,
  onReplace: onReplace ?? 'overlap',
  ...(onDestroy && { onDestroy }),
  ...(protect && { protect }),
})

/** The pins elsewhere of a record as they were wanted. */
export const recordedPins = (pins: StackRecord['pins'] & object): DesiredState['pins'] & object =>
  new Map(Object.entries(pins).map(([path, address]) => [path, { address }]))
