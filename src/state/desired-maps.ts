import type { ManifestMap } from '../manifest/manifest.ts'
import { type MapAddress, mapAddress } from '../model/address.ts'
import type { MapSpec } from '../model/map-spec.ts'
import { isMetadata } from '../object/maps/metadata.ts'
import { nearest } from '../util/nearest.ts'
import { complain, type FoundMap, type FoundProgram, type LoadedObject, type Reading } from './desired-reading.ts'
import { comesAlong } from './desired-struct-ops.ts'
import { mapNames } from './map-names.ts'

/** Every map of the stack, and how objects' names lead to them. */
export interface MapFinding {
  readonly all: readonly FoundMap[]
  /** The address of a map by its name in an object. */
  readonly addressIn: (object: LoadedObject, name: string) => MapAddress
  readonly get: (address: MapAddress) => FoundMap | undefined
}

/**
 * Finds the maps that the programs use, the maps that those hold, and what the manifest lists. One name is one map: where
 * objects differ about it, the manifest has to choose (`object:`).
 */
export function findMaps(
  reading: Reading,
  objects: readonly LoadedObject[],
  programs: readonly FoundProgram[],
): MapFinding {
  const nameOf = mapNames(objects)
  const byName = groupByName(objects, nameOf)
  const used = new Set<MapSpec>()
  const use = adderTo(used, objects)
  for (const { object, spec } of programs) for (const { map } of spec.code.references) use(object, map)
  for (const object of objects)
    for (const spec of object.file.maps) {
      if (comesAlong(spec, (name) => programs.some((it) => it.object === object && it.spec.name === name)))
        used.add(spec)
      if (isMetadata(spec) && programs.some((it) => it.object === object)) used.add(spec)
    }
  for (const name of mentionedNames(reading)) addMentioned(reading, { name, places: byName.get(name) ?? [], used, use })
  const wanted = new Set([...byName.keys()].filter((name) => byName.get(name)?.some((place) => used.has(place.spec))))
  for (const declared of reading.loaded.manifest.maps.values()) {
    if (isThere(reading, byName, declared)) wanted.add(declared.name)
  }
  const all = [...wanted].map((name) => choose(reading, { name, places: byName.get(name) ?? [], used }))
  const found = new Map(all.map((map) => [map.address, map]))
  const addressIn = (object: LoadedObject, name: string): MapAddress => mapAddress(nameOf(object, { name }))
  return { all, addressIn, get: (address) => found.get(address) }
}

interface MapPlace {
  readonly object: LoadedObject
  readonly spec: MapSpec
}

type Use = (object: LoadedObject, name: string) => void

/** Adds a map by its name in an object, with all that it holds. */
function adderTo(used: Set<MapSpec>, objects: readonly LoadedObject[]): Use {
  const specs = new Map(objects.map((object) => [object, new Map(object.file.maps.map((map) => [map.name, map]))]))
  const use: Use = (object, name) => {
    const map = specs.get(object)?.get(name)
    if (!map || used.has(map)) return
    used.add(map)
    if (map.contents.kind === 'maps') for (const inner of map.contents.slots.values()) use(object, inner)
  }
  return use
}

/** Maps that the manifest lists, puts into a map of maps, attaches or walks with an iterator. */
function mentionedNames({ loaded: { manifest } }: Reading): Set<string> {
  const inner = [...manifest.maps.values()].flatMap((map) =>
    map.owner === 'stack' ? (map.inner ?? []).map(([, name]) => name) : [],
  )
  const walked = [...manifest.links.values()].flatMap(({ attach }) =>
    (attach?.kind === 'iter' || attach?.kind === 'struct_ops') && attach.map !== undefined ? [attach.map] : [],
  )
  return new Set([...manifest.maps.keys(), ...inner, ...walked])
}

interface Mention {
  readonly name: string
  readonly places: readonly MapPlace[]
}

/** Which object's definition a mention means is decided by the programs, if they use it at all. */
function addMentioned({ loaded }: Reading, { name, places, used, use }: Choice & { readonly use: Use }): void {
  if (places.some(({ spec }) => used.has(spec))) return
  const chosen = loaded.manifest.maps.get(name)?.object
  for (const { object, spec } of places) {
    if (chosen === undefined || object.name === chosen) use(object, spec.name)
  }
}

function groupByName(
  objects: readonly LoadedObject[],
  nameOf: ReturnType<typeof mapNames>,
): Map<string, readonly MapPlace[]> {
  const groups = new Map<string, MapPlace[]>()
  for (const object of objects) {
    for (const spec of object.file.maps) {
      const name = nameOf(object, spec)
      groups.set(name, [...(groups.get(name) ?? []), { object, spec }])
    }
  }
  return groups
}

/** A foreign map may be in no object at all: then it is held, but nothing is known to check it against. */
function isThere(reading: Reading, byName: ReadonlyMap<string, readonly MapPlace[]>, declared: ManifestMap): boolean {
  const { name, object } = declared
  const places = byName.get(name) ?? []
  if (declared.owner === 'foreign' && places.length === 0) return true
  if (places.some((place) => object === undefined || place.object.name === object)) return true
  const { manifest } = reading.loaded
  // An object that could not be read has its complaint already.
  const unread = [...manifest.objects.keys()].some((known) => !places.some((place) => place.object.name === known))
  const allRead = reading.complaints.every((complaint) => complaint.code !== 'M201' && !complaint.code.startsWith('O'))
  if (unread && !allRead) return false
  const guess = nearest(name, byName.keys())
  complain(reading, 'M210', {
    detail: `cannot find map.${name}: ${object ? `object ${object} declares` : 'the objects declare'} no map of that name${byName.size > 0 ? `, but ${[...byName.keys()].join(', ')}` : ''}`,
    ...(guess ? { hint: `did you mean ${guess}?` } : {}),
    address: mapAddress(name),
    path: ['maps', name],
  })
  return false
}

interface Choice extends Mention {
  readonly used: ReadonlySet<MapSpec>
}

/** Which object's definition counts: the chosen one, else one that a program uses, where all of those agree. */
function choose(reading: Reading, { name, places, used }: Choice): FoundMap {
  const declared = reading.loaded.manifest.maps.get(name)
  const address = mapAddress(name)
  const base = { address, name, ...(declared ? { declared } : {}) }
  const inUse = places.filter((place) => used.has(place.spec))
  const relevant = inUse.length > 0 ? inUse : places
  const chosen = places.find((place) => place.object.name === declared?.object) ?? relevant[0]
  if (!chosen) return base
  const others = relevant.filter((place) => !isInterchangeable(chosen, place, declared?.object !== undefined))
  const other = others[0]
  if (other) {
    complain(reading, 'M203', {
      detail: `cannot make one map of ${address}: objects ${chosen.object.name} and ${other.object.name} declare it differently (${differences(chosen.spec, other.spec).join(', ')})`,
      hint: 'compile both against one definition, give one map another name, or write `object:` where only its size differs',
      address,
      path: declared ? ['maps', name] : ['objects', other.object.name],
    })
  }
  return { ...base, ...chosen }
}

/** Programs of one object can use a map that another defines if keys and values are the same; its size may be chosen. */
function isInterchangeable(chosen: MapPlace, place: MapPlace, isExplicit: boolean): boolean {
  if (place.object === chosen.object) return place.spec === chosen.spec
  const found = differences(chosen.spec, place.spec)
  return found.length === 0 || (isExplicit && found.every((field) => field === 'maxEntries' || field === 'contents'))
}

/** Names of the fields in which two declarations differ. */
function differences(a: MapSpec, b: MapSpec): string[] {
  const fields = ['type', 'keySize', 'valueSize', 'maxEntries', 'flags', 'mapExtra', 'inner'] as const
  const differing: string[] = fields.filter(
    (field) => JSON.stringify(a.shape[field]) !== JSON.stringify(b.shape[field]),
  )
  if (JSON.stringify(a.layout) !== JSON.stringify(b.layout)) differing.push('layout')
  if (contentsText(a) !== contentsText(b)) differing.push('contents')
  return differing
}

const contentsText = ({ contents }: MapSpec): string =>
  contents.kind === 'programs' || contents.kind === 'maps'
    ? JSON.stringify([contents.kind, [...contents.slots]])
    : contents.kind
