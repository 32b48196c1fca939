import type { Address, Ref } from '../model/address.ts'
import type { DesiredState } from '../model/state.ts'
import {
  addMap,
  type Holdings,
  keyOf,
  newMap,
  runningIn,
  type World,
  type WorldLink,
  type WorldMap,
} from './ledger-world.ts'
import type { Operation } from './step.ts'

/** What the effects of a step depend on beside the world. */
export interface LedgerContext {
  readonly desired: DesiredState | undefined
  readonly existing: Readonly<Record<string, number>>
  /** Indices that the plan fills in each new array. */
  readonly required: ReadonlyMap<string, ReadonlySet<number>>
  /** Paths whose array turned out to be still used: the applier leaves out what would remove them. */
  readonly kept: Set<string>
}

type Effects = {
  [K in Operation['kind']]?: (world: World, operation: Operation & { readonly kind: K }, context: LedgerContext) => void
}

/** Carries one operation's effect on references out; operations without an entry change no reference. */
export function carryOut(world: World, operation: Operation, context: LedgerContext): void {
  const effect = effects[operation.kind] as
    | ((world: World, operation: Operation, context: LedgerContext) => void)
    | undefined
  effect?.(world, operation, context)
  settle(world)
}

const effects: Effects = {
  'link-pin': (world, { target, to }, { existing }) => pin(world, keyOf(target, existing), to),
  'open-map': (world, { target }, { desired, existing }) => openMap(world, target, { desired, existing }),
  'create-map': (world, { target }, { desired, required }) => {
    addMap(world, target, newMap(target, desired, required.get(target) ?? new Set()))
  },
  pin: (world, { target, path }, { existing }) => pin(world, keyOf(target, existing), path),
  'load-program': (world, { target }, context) => {
    const maps = mapsOf(target, world, context)
    world.programs.set(target, { maps, pins: new Set(), open: true })
    for (const map of maps) scope(world.maps.get(map))
  },
  'fill-slot': (world, { array, index, program }, { existing }) =>
    world.maps.get(keyOf(array, existing))?.slots.set(index, keyOf(program, existing)),
  'write-members': (world, { target, slots }, { existing }) => {
    const map = world.maps.get(keyOf(target, existing))
    for (const [index, program] of Object.entries(slots)) map?.slots.set(Number(index), keyOf(program, existing))
  },
  'set-inner': (world, { outer, index, after }, { existing }) => {
    const map = world.maps.get(keyOf(outer, existing))
    if (after) map?.inner.set(index, keyOf(after, existing))
    else map?.inner.delete(index)
  },
  'replace-slot': (world, { array, index, after }, { existing }) => {
    const map = world.maps.get(keyOf(array, existing))
    if (after) map?.slots.set(index, keyOf(after, existing)) && map.required.add(index)
    else map?.slots.delete(index) && map.required.delete(index)
  },
  'update-link': (world, { target, program }, { existing }) => {
    const link = world.links.get(keyOf(target, existing))
    if (link) link.program = keyOf(program, existing)
  },
  'create-link': (world, { target, program }, { existing }) => {
    world.links.set(keyOf(target, existing), {
      program: keyOf(program, existing),
      foreign: false,
      severed: false,
      pins: new Set(),
      open: true,
    })
  },
  'detach-link': (world, { target }, { existing }) => world.links.delete(keyOf(target, existing)),
  exchange: (world, { a, b }) => movePins(world, (path) => moved(path, a, b) ?? moved(path, b, a) ?? path),
  rename: (world, { from, to }) => movePins(world, (path) => moved(path, from, to) ?? path),
  release: (world, { target }, { existing }) => {
    const holdings = holdingsOf(world, keyOf(target, existing))
    if (holdings) holdings.open = false
  },
  unpin: (world, { path }, { kept }) => {
    if (kept.has(path)) return
    for (const holdings of everything(world)) holdings.pins.delete(path)
  },
  'rescue-array': (world, { array, path, slots }, { existing }) => {
    const map = world.maps.get(keyOf(array, existing))
    map?.pins.add(path)
    for (const [index, program] of Object.entries(slots)) map?.slots.set(Number(index), keyOf(program, existing))
  },
  'await-unused': (world, { path, target, programs, members, owner }, { kept, existing }) => {
    // Its owner pins it: that is enough for whoever still uses it.
    const map = owner && (world.maps.get(`map#${owner.id}`) ?? world.maps.get(keyOf(target, existing)))
    if (map) map.scoped = false
    if (owner) return
    const used = programs.some((id) => isAlive(world, `program#${id}`))
    const runs = (link: WorldLink, id: number): boolean => runningIn(world, link).includes(`program#${id}`)
    const run = [...world.links.values()].some((link) => members.some((id) => runs(link, id)))
    if (used || run) kept.add(path)
  },
}

function openMap(world: World, target: Ref, context: Pick<LedgerContext, 'desired' | 'existing'>): void {
  const key = keyOf(target, context.existing)
  const known = world.maps.get(key)
  // The proof is about what we use or hold ourselves; until then it is its owner's.
  if (known) known.open = true
  else addMap(world, key, { ...newMap(target, context.desired, new Set()), scoped: false })
}

function pin(world: World, key: string, path: string): void {
  holdingsOf(world, key)?.pins.add(path)
  scope(world.maps.get(key))
}

function scope(map: WorldMap | undefined): void {
  if (map) map.scoped = map.ruled
}

function mapsOf(target: Ref, world: World, { desired, existing }: LedgerContext): string[] {
  const program = desired?.resources.get(target.slice(5) as Address)
  if (program?.kind !== 'program') return []
  return program.maps.map((map) => {
    if (map.startsWith('#')) return `map${map}`
    const next = keyOf(`next:${map}`, existing)
    return world.maps.has(next) ? next : keyOf(`live:${map}`, existing)
  })
}

const moved = (path: string, from: string, to: string): string | undefined =>
  path === from || path.startsWith(`${from}/`) ? `${to}${path.slice(from.length)}` : undefined

function movePins(world: World, move: (path: string) => string): void {
  for (const holdings of everything(world)) {
    const paths = [...holdings.pins].map(move)
    holdings.pins.clear()
    for (const path of paths) holdings.pins.add(path)
  }
}

function* everything(world: World): Iterable<Holdings> {
  yield* world.maps.values()
  yield* world.programs.values()
  yield* world.links.values()
}

const holdingsOf = (world: World, key: string): Holdings | undefined =>
  world.maps.get(key) ?? world.programs.get(key) ?? world.links.get(key)

/** What the kernel does by itself: links without a reference detach, arrays and structs without one are emptied. */
export function settle(world: World): void {
  for (const [key, link] of world.links) if (!link.foreign && !isHeld(link)) world.links.delete(key)
  for (const [key, map] of world.fragile) {
    const isLost = map.scoped || (map.isStruct && !isLinked(world, key))
    if (isLost && !isHeld(map)) map.slots.clear()
  }
}

/** A link holds it: one that is severed does so, too. */
const isLinked = (world: World, key: string): boolean => [...world.links.values()].some((link) => link.program === key)

export const isHeld = (holdings: Holdings): boolean => holdings.open || holdings.pins.size > 0

function isAlive(world: World, key: string): boolean {
  const program = world.programs.get(key)
  if (program && isHeld(program)) return true
  if (isLinked(world, key)) return true
  return [...world.maps.values()].some((map: WorldMap) => [...map.slots.values()].includes(key))
}
