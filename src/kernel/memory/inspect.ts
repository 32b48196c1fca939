import type { LinkId, MapId, ProgramId } from '../../model/ids.ts'
import { mapTypeRule } from '../../model/map-types.ts'
import { fromHex } from '../../util/hex.ts'
import type { LinkInfo, ObjectKind } from '../kernel.ts'
import { describeObject } from './describe.ts'
import type { Machine } from './machine.ts'
import { idIn, settle } from './references.ts'
import type { Inode, MapObject, ObjectName, World } from './world.ts'

/** The truth about a machine, seen without being a process: looking holds nothing. Queued clears run first. */
export interface Inspect {
  /** Ids of the living objects of a kind, ascending; of one name where that is given. */
  ids(kind: ObjectKind, name?: string): number[]
  /** Filled slots of a program array, by index. */
  slots(map: number): ReadonlyMap<number, ProgramId>
  /** Who keeps a map's user references: pin paths, then `process 1 fd 5`. */
  holders(map: number): string[]
  /** Pins of every kind: path to object. */
  pins(): ReadonlyMap<string, { readonly kind: ObjectKind; readonly id: number }>
  /** Every link with what it runs and the paths of its pins. */
  links(): readonly (LinkInfo & { readonly pins: readonly string[] })[]
  /** Programs that run without any process: by links that are attached and by attachments without a link. */
  running(): readonly ProgramId[]
  /** Tail calls that work from a program, through the programs that it calls: every filled slot within reach. */
  tailCalls(program: number): readonly TailCall[]
  /** Every program array that a running program can reach. */
  reachableArrays(): readonly ReachableArray[]
}

export interface TailCall {
  readonly caller: ProgramId
  readonly array: MapId
  readonly slot: number
  readonly callee: ProgramId
}

export interface ReachableArray {
  readonly id: MapId
  readonly name: string
  readonly slots: ReadonlyMap<number, ProgramId>
  readonly holders: readonly string[]
}

/** The view of a machine. */
export function inspectMachine(machine: Machine): Inspect {
  const { world } = machine
  const settled = <A extends unknown[], R>(view: (...of: A) => R): ((...of: A) => R) => {
    return (...of) => {
      settle(world)
      return view(...of)
    }
  }
  return {
    ids: settled((kind: ObjectKind, name?: string) => idsOf(world, kind, name)),
    slots: settled((map: number) => slotsOf(world.objects.map.get(map))),
    holders: settled((map: number) => holdersOf(machine, map)),
    pins: settled(() => new Map(pinsOf(world))),
    links: settled(() => linksOf(world)),
    running: settled(() => runningIn(world)),
    tailCalls: settled((program: number) => tailCallsFrom(world, [program])),
    reachableArrays: settled(() => arraysFrom(machine, runningIn(world))),
  }
}

function idsOf(world: World, kind: ObjectKind, name: string | undefined): number[] {
  const objects = [...world.objects[kind].values()]
  const named = name === undefined ? objects : objects.filter((object) => 'name' in object && object.name === name)
  return named.map((object) => object.id).sort((a, b) => a - b)
}

function slotsOf(map: MapObject | undefined): Map<number, ProgramId> {
  if (map?.shape.type !== 'prog_array') return new Map()
  const filled = [...map.entries].map(([key, value]) => [idIn(fromHex(key)), idIn(value) as ProgramId] as const)
  return new Map(filled.sort(([a], [b]) => a - b))
}

function holdersOf(machine: Machine, map: number): string[] {
  const pins = [...pinsOf(machine.world)].filter(([, { kind, id }]) => kind === 'map' && id === map)
  const descriptors = [...machine.processes].flatMap((process) =>
    [...process.descriptors]
      .filter(([, { object }]) => object.kind === 'map' && object.id === map)
      .map(([number]) => `process ${process.number} fd ${number}`),
  )
  return [...pins.map(([path]) => path), ...descriptors]
}

function* pinsOf(world: World): Iterable<[string, { readonly kind: ObjectKind; readonly id: number }]> {
  for (const [mountPoint, root] of world.mounts) yield* pinsBelow(world, mountPoint, world.inodes.get(root))
}

function* pinsBelow(
  world: World,
  path: string,
  inode: Inode | undefined,
): Iterable<[string, { readonly kind: ObjectKind; readonly id: number }]> {
  if (inode?.content.kind === 'pin') yield [path, inode.content.object as ObjectName & { readonly kind: ObjectKind }]
  if (inode?.content.kind !== 'directory') return
  for (const [name, number] of inode.content.entries)
    yield* pinsBelow(world, `${path}/${name}`, world.inodes.get(number))
}

function linksOf(world: World): (LinkInfo & { readonly pins: readonly string[] })[] {
  const pins = [...pinsOf(world)]
  return [...world.objects.link.values()].map((link) => ({
    ...(describeObject(world, link) as LinkInfo),
    id: link.id as LinkId,
    pins: pins.filter(([, { kind, id }]) => kind === 'link' && id === link.id).map(([path]) => path),
  }))
}

function runningIn(world: World): ProgramId[] {
  const attached = [...world.objects.link.values()].filter((link) => !link.severed)
  const structs = attached.flatMap(({ type, mapId = 0 }) =>
    type === 'struct_ops' ? (world.objects.map.get(mapId)?.members ?? []) : [],
  )
  const members = structs.map(([, id]) => id as ProgramId)
  const ids = [...[...attached, ...world.attachments].map(({ programId }) => programId as ProgramId), ...members]
  return [...new Set(ids)].sort((a, b) => a - b)
}

function tailCallsFrom(world: World, roots: readonly number[]): TailCall[] {
  const calls: TailCall[] = []
  const seen = new Set(roots)
  for (const caller of seen) {
    for (const array of arraysOf(world, caller)) {
      for (const [slot, callee] of slotsOf(array)) {
        calls.push({ caller: caller as ProgramId, array: array.id as MapId, slot, callee })
        // A set that grows while it is walked is walked to its end.
        seen.add(callee)
      }
    }
  }
  return calls
}

function arraysFrom(machine: Machine, roots: readonly number[]): ReachableArray[] {
  const { world } = machine
  const programs = [...roots, ...tailCallsFrom(world, roots).map((call) => call.callee)]
  const arrays = new Map(programs.flatMap((id) => arraysOf(world, id)).map((array) => [array.id, array]))
  return [...arrays.values()]
    .sort((a, b) => a.id - b.id)
    .map((array) => ({
      id: array.id as MapId,
      name: array.name,
      slots: slotsOf(array),
      holders: holdersOf(machine, array.id),
    }))
}

function arraysOf(world: World, program: number): MapObject[] {
  const maps = (world.objects.program.get(program)?.mapIds ?? []).map((id) => world.objects.map.get(id))
  return maps.filter(
    (map) => map !== undefined && mapTypeRule(map.shape.type).atLastUserReference === 'clears-slots',
  ) as MapObject[]
}
