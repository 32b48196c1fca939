import {
  linkAddress,
  type MapAddress,
  mapAddress,
  type ProgramAddress,
  programAddress,
} from '../../src/model/address.ts'
import type { SystemGraph } from '../../src/model/graph.ts'
import type { LinkId, MapId, ProgramId } from '../../src/model/ids.ts'
import type {
  CurrentState,
  DesiredState,
  LinkState,
  MapState,
  ProgramState,
  Resource,
  Tree,
  TreePin,
} from '../../src/model/state.ts'

type Loose<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** A wanted hash map; override what the test is about. */
export function map(name: string, change: Loose<MapState> = {}): MapState {
  return {
    kind: 'map',
    address: mapAddress(name),
    name,
    owner: 'stack',
    shape: { type: 'hash', keySize: 4, valueSize: 8, maxEntries: 1024, flags: 0, mapExtra: 0 },
    layout: { key: 'u32', value: 'u64' },
    pinned: true,
    contents: { kind: 'runtime' },
    onChange: 'refuse',
    onSlotChange: 'replace',
    ...change,
  } as MapState
}

/** A wanted program array with these programs in its slots. */
export function array(name: string, slots: Readonly<Record<number, string>>, change: Loose<MapState> = {}): MapState {
  const contents = {
    kind: 'slots',
    slots: new Map(Object.entries(slots).map(([index, program]) => [Number(index), programAddress(program)])),
  } as const
  const shape = { type: 'prog_array', keySize: 4, valueSize: 4, maxEntries: 8, flags: 0, mapExtra: 0 } as const
  return map(name, { shape, layout: {}, contents, ...change })
}

/** A wanted program that uses these maps; `version` is what its code differs by. */
export function program(name: string, uses: readonly string[] = [], version = 0): ProgramState {
  const maps = uses.map(mapAddress)
  const loads = maps.flatMap(() => [0x18, 0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  return {
    kind: 'program',
    address: programAddress(name),
    name,
    load: { type: 'xdp', attachType: 'xdp', flags: 0, license: 'GPL' },
    code: {
      instructions: new Uint8Array([...loads, 0xb7, 0, 0, 0, version, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]),
      references: maps.map(
        (target, index) => ({ instruction: index * 2, kind: 'map', map: target, offset: 0 }) as const,
      ),
    },
    maps,
  }
}

/** A wanted XDP link on interface number 1. */
export function link(name: string, runs: string, change: Loose<LinkState> = {}): LinkState {
  return {
    kind: 'link',
    address: linkAddress(name),
    program: programAddress(runs),
    target: { kind: 'xdp', interface: name, ifindex: 1, mode: 'native' },
    onReplace: 'overlap',
    ...change,
  } as LinkState
}

export function desired(...resources: readonly Resource[]): DesiredState {
  return {
    stack: 'edge',
    generation: 0,
    resources: new Map(resources.map((resource) => [resource.address, resource])),
    digest: () => 'd',
    btf: new Map(),
  }
}

const emptyGraph: SystemGraph = { roots: [], programs: new Map(), maps: new Map() }

/** A machine on which nothing of the stack exists. */
export const nothing: CurrentState = {
  stack: 'edge',
  generation: 0,
  resources: new Map(),
  directory: '/sys/fs/bpf/edge',
  record: undefined,
  trees: [],
  graph: emptyGraph,
}

/** What the kernel would hold after applying these resources as one generation: ids count up from `firstId`. */
export function applied(
  resources: readonly Resource[],
  options: { generation?: number; firstId?: number } = {},
): CurrentState {
  const { generation = 7, firstId = 10 } = options
  const ids = new Map(resources.map((resource, index) => [resource.address as string, firstId + index]))
  const live = resources.map((resource) => withLive(resource, ids))
  return {
    ...nothing,
    generation,
    resources: new Map(live.map((resource) => [resource.address, resource])),
    trees: [liveTree(live)],
    graph: graphOf(live, ids),
  }
}

function withLive(resource: Resource, ids: ReadonlyMap<string, number>): Resource {
  const id = ids.get(resource.address) ?? 0
  const pins = [`live/${resource.address.replace('.', 's/')}`]
  if (resource.kind === 'map') return { ...resource, live: { id: id as MapId, pins: resource.pinned ? pins : [] } }
  if (resource.kind === 'link') return { ...resource, live: { id: id as LinkId, pins, severed: false } }
  return { ...resource, live: { id: id as ProgramId, pins, tag: 'aa', asRecorded: true } }
}

function liveTree(live: readonly Resource[]): Tree {
  const pins = live.flatMap((resource) => (resource.live?.pins ?? []).map((path) => pinOf(resource, path, live)))
  return { name: 'live', record: undefined, pins, directories: ['live', 'live/maps', 'live/programs', 'live/links'] }
}

function pinOf(resource: Resource, path: string, live: readonly Resource[]): TreePin {
  const { address } = resource
  if (resource.kind === 'map')
    return { path, kind: 'map', id: resource.live?.id as MapId, address: address as MapAddress, shape: resource.shape }
  if (resource.kind === 'program')
    return { path, kind: 'program', id: resource.live?.id as ProgramId, address: address as ProgramAddress }
  const mapId = resource.program.startsWith('map.') ? (idOf(resource.program, live) as number as MapId) : undefined
  const programId = mapId === undefined ? idOf(resource.program, live) : (0 as ProgramId)
  const { severed = false } = resource.live ?? {}
  return {
    path,
    kind: 'link',
    id: resource.live?.id as LinkId,
    programId,
    ...(mapId !== undefined && { mapId }),
    address: resource.address,
    target: resource.target,
    severed,
  }
}

const idOf = (address: string, live: readonly Resource[]): ProgramId =>
  (address.startsWith('#')
    ? Number(address.slice(1))
    : live.find((it) => it.address === address)?.live?.id) as ProgramId

function graphOf(live: readonly Resource[], ids: ReadonlyMap<string, number>): SystemGraph {
  const programs = live.filter((it) => it.kind === 'program')
  const maps = live.filter((it) => it.kind === 'map')
  const links = live.filter((it) => it.kind === 'link' && !it.live?.severed) as LinkState[]
  return {
    roots: links.map((it) => ({
      program: idOf(it.program, live),
      via: `link #${it.live?.id}`,
      link: it.live?.id as LinkId,
    })),
    programs: new Map(
      programs.map((it) => [
        it.live?.id as ProgramId,
        { id: it.live?.id as ProgramId, name: it.name, maps: it.maps.map((used) => ids.get(used) as MapId) },
      ]),
    ),
    maps: new Map(
      maps.map((it) => [
        it.live?.id as MapId,
        {
          id: it.live?.id as MapId,
          name: it.name,
          type: it.shape.type,
          programs: new Map(
            it.contents.kind === 'slots' ? [...it.contents.slots].map(([i, held]) => [i, idOf(held, live)]) : [],
          ),
          inner: [],
        },
      ]),
    ),
  }
}
