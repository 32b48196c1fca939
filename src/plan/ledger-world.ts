import type { Address, Ref } from '../model/address.ts'
import type { SystemGraph } from '../model/graph.ts'
import { mapTypeRule } from '../model/map-types.ts'
import { asidePath, type OuterPin, stagedPath } from '../model/outer-pin.ts'
import type { CurrentState, DesiredState, TreePin } from '../model/state.ts'
import { connectedGraph } from './connected.ts'
import { importedPins } from './imported-pins.ts'
import { needsHolder } from './user-references.ts'

/**
 * The kernel as far as the proof needs it: who refers to what. Keys: `map#12` for what exists, `next:map.flows` for what the
 * plan makes. Mutable, and private to one run of the ledger.
 */
export interface World {
  readonly maps: Map<string, WorldMap>
  /** Those of the maps that lose what is in them with their last holder: after every step they are looked at. */
  readonly fragile: Map<string, WorldMap>
  readonly programs: Map<string, WorldProgram>
  readonly links: Map<string, WorldLink>
}

export interface Holdings {
  readonly pins: Set<string>
  /** The applying process has a descriptor. */
  open: boolean
}

export interface WorldMap extends Holdings {
  /** For people: `live:map.tail_calls`, `#41 (jmp_table)`. */
  readonly name: string
  /** The kernel does something at its last user reference. */
  readonly ruled: boolean
  /** A struct of functions: it is nobody's map but its links', and its programs go with it. */
  readonly isStruct: boolean
  /** The proof is about it: it is the stack's, or held by it. */
  scoped: boolean
  readonly slots: Map<number, string>
  readonly inner: Map<number, string>
  /** Slots that have to be filled whenever a live program can reach it. */
  readonly required: Set<number>
}

export interface WorldProgram extends Holdings {
  readonly maps: readonly string[]
}

export interface WorldLink extends Holdings {
  /** Key of its program; of struct_ops, of the map that holds its programs. */
  program: string
  /** Held by somebody else: no pin of ours, and no crash of ours, matters to it. */
  readonly foreign: boolean
  /** Attached to nothing: it runs nothing, but keeps its program as long as it is held. */
  readonly severed: boolean
}

/** The key of a reference: existing objects go by their id, so that two names of one object are one. */
export function keyOf(ref: string, existing: Readonly<Record<string, number>>): string {
  if (ref.startsWith('#')) return `program${ref}`
  const id = existing[ref]
  return id === undefined ? ref : `${ref.slice(5, ref.indexOf('.'))}#${id}`
}

/** The world before the first step. */
export function worldOf(current: CurrentState, existing: Readonly<Record<string, number>>): World {
  const world = emptyWorld()
  const names = new Map(Object.entries(existing).map(([ref]) => [keyOf(ref, existing), ref]))
  const pins = current.trees.flatMap((tree) => tree.pins)
  const own = pins.flatMap((pin) => ('id' in pin ? [`${pin.kind}#${pin.id}`] : []))
  const live = current.graph.roots.map((root) => `program#${root.program}`)
  addGraph(world, connectedGraph(current.graph, [...names.keys(), ...own, ...live]), names)
  for (const pin of pins) {
    if (pin.kind === 'map') scope(world.maps.get(`map#${pin.id}`), pin.path)
    if (pin.kind === 'program') world.programs.get(`program#${pin.id}`)?.pins.add(pin.path)
    if (pin.kind === 'link') addLink(world, pin)
  }
  for (const { path, object } of importedPins(current)) {
    scope(world.maps.get(`${object.kind}#${object.id}`), path)
    world.programs.get(`${object.kind}#${object.id}`)?.pins.add(path)
    const link = world.links.get(`${object.kind}#${object.id}`)
    if (link) world.links.set(`link#${object.id}`, { ...link, foreign: false, pins: new Set(link.pins).add(path) })
  }
  for (const pin of current.outerPins ?? []) addOuterPin(world, pin)
  return world
}

function addGraph(world: World, graph: SystemGraph, names: ReadonlyMap<string, string>): void {
  for (const program of graph.programs.values())
    world.programs.set(`program#${program.id}`, {
      maps: program.maps.map((id) => `map#${id}`),
      pins: new Set(),
      open: false,
    })
  for (const map of graph.maps.values()) {
    const slots = new Map([...map.programs].map(([index, id]) => [index, `program#${id}`]))
    addMap(world, `map#${map.id}`, {
      name: names.get(`map#${map.id}`) ?? `#${map.id} (${map.name})`,
      ruled: map.type !== undefined && mapTypeRule(map.type).atLastUserReference !== undefined,
      isStruct: map.type === 'struct_ops',
      scoped: false,
      slots,
      inner: new Map(map.inner.map((id, index) => [index, `map#${id}`])),
      required: new Set(slots.keys()),
      pins: new Set(),
      open: false,
    })
  }
  graph.roots.forEach((root, index) => {
    const key = root.link === undefined ? `root ${index}` : `link#${root.link}`
    const program = root.map === undefined ? `program#${root.program}` : `map#${root.map}`
    world.links.set(key, { program, foreign: true, severed: root.severed ?? false, pins: new Set(), open: false })
  })
}

export const emptyWorld = (): World => ({
  maps: new Map(),
  fragile: new Map(),
  programs: new Map(),
  links: new Map(),
})

/** Every map comes into the world by this. */
export function addMap(world: World, key: string, map: WorldMap): void {
  world.maps.set(key, map)
  if (map.ruled || map.isStruct) world.fragile.set(key, map)
}

function scope(map: WorldMap | undefined, path: string): void {
  map?.pins.add(path)
  if (map) map.scoped = map.ruled
}

/** Pins elsewhere of what the stack's trees hold; what is somebody else's is not counted. */
function addOuterPin(world: World, { path, found, staged, aside }: OuterPin): void {
  const places = [[path, found] as const, [stagedPath(path), staged] as const, [asidePath(path), aside] as const]
  for (const [at, object] of places) {
    const key = object && `${object.kind}#${object.id}`
    const held = key && (world.maps.get(key) ?? world.programs.get(key) ?? world.links.get(key))
    if (held && held.pins.size > 0) held.pins.add(at)
  }
}

/** A link of the stack: alive as long as its pins are. */
function addLink(world: World, pin: TreePin & { readonly kind: 'link' }): void {
  const key = `link#${pin.id}`
  const known = world.links.get(key)
  const pins = new Set(known && !known.foreign ? known.pins : []).add(pin.path)
  const program = pin.mapId === undefined ? `program#${pin.programId}` : `map#${pin.mapId}`
  world.links.set(key, { program, foreign: false, severed: pin.severed, pins, open: false })
}

/** Keys of the programs that a link runs. */
export function runningIn(world: World, { program, severed }: WorldLink): readonly string[] {
  if (severed) return []
  const members = world.maps.get(program)?.slots.values()
  return members ? [...members] : [program]
}

/** A map that the plan makes or opens. */
export function newMap(ref: Ref, desired: DesiredState | undefined, required: ReadonlySet<number>): WorldMap {
  const wanted = desired?.resources.get(ref.slice(5) as Address)
  const ruled = wanted?.kind === 'map' && needsHolder(wanted)
  return {
    name: ref,
    ruled,
    isStruct: wanted?.kind === 'map' && wanted.shape.type === 'struct_ops',
    scoped: ruled,
    slots: new Map(),
    inner: new Map(),
    required: new Set(required),
    pins: new Set(),
    open: true,
  }
}
