import type { Ref } from '../model/address.ts'
import type { SystemGraph } from '../model/graph.ts'
import type { MapId, ProgramId } from '../model/ids.ts'
import { mapTypeRule } from '../model/map-types.ts'
import type { Tree, TreePin } from '../model/state.ts'
import { drainOf, sleepersIn } from './sleepers.ts'
import type { Operation } from './step.ts'

/** A tree of pins that goes, and what must outlive it. */
export interface Retirement {
  readonly tree: Tree
  /** Where the tree lies by then, when it is renamed first. */
  readonly name?: string
  /** Ids of maps that another tree of the stack keeps pinned: removing their name here loses nothing. */
  readonly kept: ReadonlySet<number>
  readonly graph: SystemGraph
  /** Which side the tree's objects are on in this plan's references. */
  readonly side: 'live' | 'next'
  /** Pins that are gone by then. */
  readonly removed?: ReadonlySet<string>
}

/**
 * Removes a tree in the one safe order: links, a grace period, programs, data maps, and program arrays last, each only once
 * the programs that use it are gone. Recursive removal in directory order would meet `maps` before `links` and empty an
 * array under a live link.
 */
export function retire(retirement: Retirement): readonly Operation[] {
  const { tree, removed } = retirement
  const pins = tree.pins.filter((pin) => !removed?.has(pin.path))
  const links = pins.filter((pin) => pin.kind === 'link')
  const programs = pins.filter((pin) => pin.kind === 'program')
  const maps = pins.filter((pin) => pin.kind === 'map')
  const arrays = maps.filter((pin) => mayLoseContents(pin, retirement))
  const unpins = (list: readonly TreePin[]): Operation[] => list.map((pin) => unpin(pin, retirement))
  return [
    ...unpins(links),
    ...(programs.length > 0 ? [drain(arrays, retirement)] : []),
    ...unpins(programs),
    ...unpins(maps.filter((pin) => !arrays.includes(pin))),
    ...arrays.flatMap((pin) => [awaitUnused(pin, arrays, retirement), unpin(pin, retirement)]),
    ...unpins(pins.filter((pin) => pin.kind === 'record' || pin.kind === 'snapshot')),
    ...removeDirectories(retirement),
  ]
}

/** Several trees in a row: an array that a later one holds, and with it perhaps its users, is not waited for before that. */
export const retireInTurn = (retirements: readonly Retirement[]): readonly (readonly Operation[])[] =>
  retirements.map((retirement, index) => {
    const later = retirements.slice(index + 1).flatMap(({ tree }) => tree.pins)
    const held = later.flatMap((pin) => (pin.kind === 'map' ? [pin.id] : []))
    return retire({ ...retirement, kept: new Set([...retirement.kept, ...held]) })
  })

/** One that may sleep is waited for where it can tail-call through an array that goes. */
function drain(arrays: readonly MapPin[], { tree, graph }: Retirement): Operation {
  const going = new Set<number>(arrays.map((array) => array.id))
  const isLong = sleepersIn(tree).some(({ id }) => graph.programs.get(id)?.maps.some((map) => going.has(map)))
  return isLong && drainOf(tree.record) > 0 ? { kind: 'drain', sleep: drainOf(tree.record) } : { kind: 'drain' }
}

/** Keeps a former generation for a rollback: its links go, its programs and maps stay. */
export function retain(retirement: Retirement): readonly Operation[] {
  const { tree, removed } = retirement
  const links = tree.pins.filter((pin) => pin.kind === 'link' && !removed?.has(pin.path))
  const folder = `${tree.name}/links`
  const gone = tree.directories.includes(folder) ? [folder] : []
  return [
    ...links.map((pin) => unpin(pin, retirement)),
    ...gone.map((path) => ({ kind: 'remove-directory', path: movedPath(path, retirement) }) as const),
  ]
}

type MapPin = TreePin & { readonly kind: 'map' }

/** Maps with a user-reference rule whose last name this is. Unknown types are treated as if they had one. */
function mayLoseContents(pin: MapPin, { kept, graph }: Retirement): boolean {
  if (kept.has(pin.id)) return false
  const type = graph.maps.get(pin.id)?.type
  return type === undefined || mapTypeRule(type).atLastUserReference !== undefined
}

function unpin(pin: TreePin, retirement: Retirement): Operation {
  const path = movedPath(pin.path, retirement)
  return 'address' in pin ? { kind: 'unpin', path, target: refIn(pin.address, retirement) } : { kind: 'unpin', path }
}

const refIn = (address: string, { side }: Retirement): Ref => `${side}:${address}` as Ref

function movedPath(path: string, { tree, name }: Retirement): string {
  return name === undefined ? path : `${name}${path.slice(tree.name.length)}`
}

function awaitUnused(pin: MapPin, arrays: readonly MapPin[], retirement: Retirement): Operation {
  const { graph } = retirement
  const users = usersOf(pin, arrays, graph)
  const heldBySlots = new Set(arrays.flatMap((array) => [...programsIn(array.id, graph)]))
  return {
    kind: 'await-unused',
    path: movedPath(pin.path, retirement),
    target: refIn(pin.address, retirement),
    programs: users.filter((id) => !heldBySlots.has(id)),
    // Arrays and the programs in their slots may hold each other in a cycle: such a program goes only with the array.
    members: users.filter((id) => heldBySlots.has(id)),
    ...(pin.ownerPin === undefined ? {} : { owner: { path: pin.ownerPin, id: pin.id } }),
  }
}

/** Programs that use an array, and those that get to it through the slots of arrays which go with it. */
function usersOf(pin: MapPin, arrays: readonly MapPin[], graph: SystemGraph): ProgramId[] {
  const found = new Set<ProgramId>()
  const seen = new Set<MapId>([pin.id])
  // A set that grows while it is walked is walked to its end.
  for (const array of seen) {
    for (const { id, maps } of graph.programs.values()) if (maps.includes(array)) found.add(id)
    // Somebody else's array, which its owner holds, does not go: our slots in it are emptied before.
    for (const { id } of arrays.filter((it) => it.ownerPin === undefined))
      if ([...programsIn(id, graph)].some((held) => found.has(held))) seen.add(id)
  }
  return [...found]
}

const programsIn = (array: MapId, graph: SystemGraph): Iterable<ProgramId> =>
  graph.maps.get(array)?.programs.values() ?? []

/** Deepest first; a directory with something foreign in it stays. */
function removeDirectories(retirement: Retirement): Operation[] {
  const foreign = retirement.tree.pins.filter((pin) => pin.kind === 'foreign').map((pin) => pin.path)
  return [...retirement.tree.directories]
    .reverse()
    .filter((directory) => !foreign.some((path) => path.startsWith(`${directory}/`)))
    .map((directory) => ({ kind: 'remove-directory', path: movedPath(directory, retirement) }))
}
