import type { Mounts } from '../kernel/files.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Address, MapAddress, ProgramAddress } from '../model/address.ts'
import type { SystemGraph } from '../model/graph.ts'
import type { MapId, ProgramId } from '../model/ids.ts'
import type { LinkTarget } from '../model/link-spec.ts'
import type { OuterPin } from '../model/outer-pin.ts'
import type { CurrentState, DesiredState, LinkState, MapState, Move, Resource, Tree, TreePin } from '../model/state.ts'
import { checkDirectory } from './check-directory.ts'
import { type MapWishes, readMaps } from './current-maps.ts'
import { foreignId, readPrograms } from './current-programs.ts'
import { type LiveTree, openLiveTree } from './live-tree.ts'
import { moveTree } from './moves.ts'
import { readOuterPins } from './outer-pins.ts'
import { type KnownInfos, readGraph } from './reachable.ts'
import { readMisowned } from './read-misowned.ts'
import { readTrees, type TreeReading } from './read-trees.ts'

/** Where a stack lies, and how it is read. */
export interface Place {
  /** Absolute path of the bpffs root: `/sys/fs/bpf`. */
  readonly bpffs: string
  /** The stack's name. */
  readonly stack: string
  /** User ids that may own its directories, beside the one that `wanted` asks for; default: root and this process's user. */
  readonly owners?: readonly number[]
  /** A graph read before, where several stacks are read at once or nobody asks who uses what; default: read it. */
  readonly graph?: SystemGraph
  /**
   * Take pins in the stack's trees that no record knows for its own, as where the record was lost; default: they are
   * foreign, which a plan refuses to replace and a destroy leaves.
   */
  readonly adopt?: boolean
  /** Count the entries of every map although nothing is wanted, since all of them go; default: count with `wanted` only. */
  readonly counts?: boolean
  /** The mounts, read before, where several stacks are read at once; default: read them. */
  readonly mounts?: Mounts
}

/**
 * Reads what a stack holds now: its trees of pins, the live one as a State, and the system's graph. `wanted` says at which
 * keys to look and where else programs may be attached. Throws PlanError (P201, P202: no bpffs, unsafe directory) and
 * KernelError (K201: no CAP_SYS_ADMIN).
 */
export function readCurrent(kernel: Kernel, place: Place, wanted?: DesiredState): CurrentState {
  const directory = `${place.bpffs}/${place.stack}`
  const owners = ownersOf(kernel, place, wanted)
  const stat = checkDirectory(kernel, { path: directory, owners, ...(place.mounts && { mounts: place.mounts }) })
  const { trees, strays, used } = readTrees(kernel, directory, { adopt: place.adopt })
  const { readings, moved, unmoved } = moveLive(trees, wanted?.moved ?? [])
  const live = openLiveTree(kernel, directory, readings)
  const resources = live ? readResources(live, { wanted, counts: place.counts }) : new Map<Address, Resource>()
  const misowned = readMisowned(kernel, { directory, stat, live: live?.tree })
  return {
    stack: place.stack,
    generation: live?.record?.generation ?? 0,
    resources,
    directory,
    record: live?.record,
    trees: readings.map((reading) => reading.tree),
    strays,
    ...(misowned.length > 0 && { misowned }),
    ...(used !== undefined && { used }),
    ...(moved.length > 0 && { moved }),
    ...(unmoved && { unmoved }),
    ...outerPins(readOuterPins(kernel, { records: readings.map(({ tree }) => tree.record), wanted, owners })),
    graph: place.graph ?? readGraph(kernel, { targets: targetsOf(resources, wanted), known: knownInfos(readings) }),
  }
}

/** The live tree under the addresses of the manifest. */
function moveLive(
  readings: readonly TreeReading[],
  moves: readonly Move[],
): { readonly readings: readonly TreeReading[]; readonly moved: readonly Move[]; readonly unmoved?: Tree } {
  const live = readings.find(({ tree }) => tree.name === 'live')
  if (!live || moves.length === 0) return { readings, moved: [] }
  const { tree, moved } = moveTree(live.tree, moves)
  if (moved.length === 0) return { readings, moved }
  const all = readings.map((reading) => (reading === live ? { ...live, tree } : reading))
  return { readings: all, moved, unmoved: live.tree }
}

const outerPins = (pins: readonly OuterPin[]): Pick<CurrentState, 'outerPins'> =>
  pins.length > 0 ? { outerPins: pins } : {}

/** No roots, no edges: for a `Place` whose reader does not ask who uses what. */
export const emptyGraph: SystemGraph = { roots: [], programs: new Map(), maps: new Map() }

function ownersOf(kernel: Kernel, place: Place, wanted: DesiredState | undefined): number[] {
  const owners = [...(place.owners ?? [0, kernel.bpffs.user])]
  return wanted?.ownership?.uid === undefined ? owners : [...owners, wanted.ownership.uid]
}

function readResources(live: LiveTree, wishes: MapWishes): Map<Address, Resource> {
  const maps = readMaps(live, wishes)
  const programs = readPrograms(live, addressesOf(maps))
  const resources = new Map<Address, Resource>()
  for (const resource of [...maps, ...programs, ...readLinks(live)]) resources.set(resource.address, resource)
  return resources
}

function addressesOf(maps: readonly MapState[]): Map<number, MapAddress> {
  const addresses = new Map<number, MapAddress>()
  for (const { live, address } of maps) if (live) addresses.set(live.id, address)
  return addresses
}

type LinkPin = TreePin & { readonly kind: 'link' }

function readLinks(live: LiveTree): LinkState[] {
  const links = live.tree.pins.filter((pin): pin is LinkPin => pin.kind === 'link')
  return links.flatMap((pin) => {
    const { address, target, id, severed } = pin
    // A kind of link that pinfold does not make: a pin in the tree, but no resource.
    if (!target) return []
    const pins = live.pinsOf.link.get(id) ?? [pin.path]
    const program = pin.mapId === undefined ? programTarget(live.programs, pin.programId) : mapTarget(live, pin.mapId)
    return [{ kind: 'link', address, program, target, onReplace: 'overlap', live: { id, pins, severed } }]
  })
}

const programTarget = (names: ReadonlyMap<ProgramId, ProgramAddress>, id: ProgramId): LinkState['program'] =>
  names.get(id) ?? foreignId(id)

function mapTarget({ tree }: LiveTree, id: MapId): LinkState['program'] {
  for (const pin of tree.pins) if (pin.kind === 'map' && pin.id === id) return pin.address
  return `map#${id}`
}

function targetsOf(resources: ReadonlyMap<Address, Resource>, wanted: DesiredState | undefined): LinkTarget[] {
  const all = [...resources.values(), ...(wanted?.resources.values() ?? [])]
  return all.flatMap((resource) => (resource.kind === 'link' ? [resource.target] : []))
}

/** What reading the trees has told already need not be asked again. */
function knownInfos(readings: readonly TreeReading[]): KnownInfos {
  const known = { map: new Map(), program: new Map(), link: new Map() } satisfies KnownInfos
  for (const { infos } of readings) for (const info of infos) if (info) known[info.kind].set(info.id, info)
  return known
}
