import { type MapAddress, mapAddress, nameOf, type ProgramAddress } from '../../model/address.ts'
import type { Checkup } from '../../model/checkup.ts'
import type { MapId, ProgramId } from '../../model/ids.ts'
import type { CurrentState, DesiredState, MapState, ProgramState, Tree } from '../../model/state.ts'

/** What a live array should hold and where it should be pinned, as a record or a manifest says. */
export interface Declared {
  readonly stack: string
  /** False where only a manifest knows it: pinfold did not make it. */
  readonly isStack: boolean
  readonly address: MapAddress
  /** Absolute. */
  readonly path: string
  readonly names: Readonly<Record<string, ProgramAddress>>
  /** The living programs for those slots; a slot whose program is gone is absent. */
  readonly slots: Readonly<Record<string, ProgramId>>
}

/** The arrays of the live trees by their records, pinned there or not, and those that a manifest describes. */
export function declaredArrays(checkup: Checkup, wanted: DesiredState | undefined): ReadonlyMap<MapId, Declared> {
  const found = new Map<MapId, Declared>(wanted ? manifestArrays(checkup, wanted) : [])
  for (const stack of checkup.stacks) {
    const live = stack.trees.find((tree) => tree.name === 'live')
    if (live) for (const [id, declared] of recordedArrays(stack, live)) found.set(id, declared)
  }
  return found
}

function* recordedArrays(stack: CurrentState, live: Tree): Generator<[MapId, Declared]> {
  const programs = new Map<string, ProgramId>()
  for (const pin of live.pins) if (pin.kind === 'program') programs.set(pin.address, pin.id)
  for (const [id, address] of bindings(stack, live)) {
    const names = stack.record?.maps[nameOf(address)]?.slots
    const path = `${stack.directory}/live/maps/${nameOf(address)}`
    if (names) yield [id, { stack: stack.stack, isStack: true, address, path, names, slots: fill(names, programs) }]
  }
}

/**
 * Maps of a stack by id: from its pins, and where a pin is gone from the programs that use the map, whose map ids come in the
 * order in which the recorded code first refers to each.
 */
function* bindings({ record, graph }: CurrentState, live: Tree): Generator<[MapId, MapAddress]> {
  for (const pin of live.pins) if (pin.kind === 'map') yield [pin.id, pin.address]
  for (const pin of live.pins) {
    const references = pin.kind === 'program' ? record?.programs[nameOf(pin.address)]?.references : undefined
    if (!references || pin.kind !== 'program') continue
    const addresses = [...new Set(references.map((reference) => reference.map))]
    const ids = graph.programs.get(pin.id)?.maps ?? []
    if (ids.length !== addresses.length) continue
    for (const [index, id] of ids.entries()) yield [id, addresses[index] ?? mapAddress('?')]
  }
}

function fill(names: Declared['names'], programs: ReadonlyMap<string, ProgramId>): Declared['slots'] {
  const slots = Object.entries(names).map(([index, address]) => [index, programs.get(address)] as const)
  return Object.fromEntries(slots.filter((slot): slot is [string, ProgramId] => slot[1] !== undefined))
}

/** Arrays that are no stack's but bear the name of a manifest's and are used by a program of its code. */
function* manifestArrays(checkup: Checkup, wanted: DesiredState): Generator<[MapId, Declared]> {
  const resources = [...wanted.resources.values()]
  for (const map of resources.filter((it) => it.kind === 'map')) {
    if (map.contents.kind !== 'slots') continue
    const users = resources.filter((it): it is ProgramState => it.kind === 'program' && it.maps.includes(map.address))
    for (const id of arraysUsedBy(checkup, users, map)) yield [id, fromManifest(checkup, wanted, map, id)]
  }
}

function arraysUsedBy({ graph, known }: Checkup, users: readonly ProgramState[], { name }: MapState): Set<MapId> {
  const programs = users.flatMap((user) => known.get(user.address) ?? [])
  const maps = programs.flatMap((id) => graph.programs.get(id)?.maps ?? [])
  return new Set(
    maps.filter((id) => graph.maps.get(id)?.type === 'prog_array' && graph.maps.get(id)?.name === short(name)),
  )
}

function fromManifest(checkup: Checkup, wanted: DesiredState, map: MapState, id: MapId): Declared {
  const slots = map.contents.kind === 'slots' ? [...map.contents.slots] : []
  const names = Object.fromEntries(
    slots.filter((slot): slot is [number, ProgramAddress] => slot[1].startsWith('program.')),
  )
  const programs = new Map([...checkup.known].flatMap(([address, ids]) => theOne(checkup, id, { address, ids })))
  const path = `${checkup.rescued.directory}/${nameOf(map.address)}-${id}`
  return { stack: wanted.stack, isStack: false, address: map.address, path, names, slots: fill(names, programs) }
}

interface Candidates {
  readonly address: ProgramAddress
  readonly ids: readonly ProgramId[]
}

/** Of several programs with the same code the one that shares a map with those that use the array; none where none or two do. */
function theOne({ graph }: Checkup, array: MapId, { address, ids }: Candidates): [ProgramAddress, ProgramId][] {
  const users = [...graph.programs.values()].filter((program) => program.maps.includes(array))
  const shared = new Set(users.flatMap((user) => user.maps).filter((map) => map !== array))
  const close = ids.filter((id) => graph.programs.get(id)?.maps.some((map) => shared.has(map)))
  const [one, ...more] = ids.length === 1 ? ids : close
  return one !== undefined && more.length === 0 ? [[address, one]] : []
}

/** The kernel keeps 15 bytes of a name. */
const short = (name: string): string => name.replace(/[^A-Za-z0-9_.]/g, '_').slice(0, 15)
