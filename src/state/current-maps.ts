import type { Fd, MapInfo } from '../kernel/kernel.ts'
import { type MapAddress, nameOf } from '../model/address.ts'
import type { MapId } from '../model/ids.ts'
import type { MapShape } from '../model/map-spec.ts'
import { mapTypeRule } from '../model/map-types.ts'
import type { RecordedMap } from '../model/record.ts'
import type { DesiredState, MapContents, MapState } from '../model/state.ts'
import { misplacedMaps } from './bound-maps.ts'
import { readContents } from './current-contents.ts'
import { countable, countEntries, readInnerIds } from './held.ts'
import type { LiveTree } from './live-tree.ts'
import { openOrGone } from './open-or-gone.ts'
import { sameKernelName } from './same-kernel-name.ts'

/** What is asked about maps. */
export interface MapWishes {
  readonly wanted?: DesiredState | undefined
  /** See `Place`. */
  readonly counts?: boolean | undefined
}

/** Reads the live tree's maps; those that are not at their pin through the programs that use them. */
export function readMaps(live: LiveTree, { wanted, counts = false }: MapWishes): MapState[] {
  const pinned = findPinned(live)
  const names = new Map<MapId, MapAddress>()
  for (const { info, address } of pinned) names.set(info.id, address)
  const misplaced = openMisplaced(live, misplacedMaps(live, names))
  const isElsewhere = new Set(misplaced.map(({ address }) => address))
  const found = isElsewhere.size === 0 ? pinned : pinned.filter(({ address }) => !isElsewhere.has(address))
  // What is pinned in the place of another map is nobody's by that name.
  if (isElsewhere.size > 0) for (const [id, address] of names) if (isElsewhere.has(address)) names.delete(id)
  for (const map of misplaced) {
    found.push(map)
    names.set(map.info.id, map.address)
  }
  const maps: MapState[] = []
  for (const map of found) {
    const state = readMap({ live, names, wanted, counts }, map)
    if (state) maps.push(state)
  }
  return maps
}

function findPinned(live: LiveTree): FoundMap[] {
  const found: FoundMap[] = []
  for (const [i, pin] of live.tree.pins.entries()) {
    const info = live.infos[i]
    if (pin.kind === 'map' && info?.kind === 'map') found.push({ address: pin.address, info, shape: pin.shape })
  }
  return found
}

interface FoundMap {
  readonly address: MapAddress
  readonly info: MapInfo
  /** Without `inner`. */
  readonly shape: MapShape
}

interface Reading {
  readonly live: LiveTree
  readonly names: ReadonlyMap<MapId, MapAddress>
  readonly wanted: DesiredState | undefined
  readonly counts: boolean
}

/** Undefined for a map that is gone. */
function readMap(reading: Reading, found: FoundMap): MapState | undefined {
  const { address, info } = found
  const { live, wanted } = reading
  const name = nameOf(address)
  const recorded = live.rows.maps.get(name)
  const desired = wanted?.resources.get(address)
  const wish = desired?.kind === 'map' ? desired : undefined
  const goes = !wish && recorded?.owner !== 'foreign' && (reading.counts || wanted !== undefined)
  const counts = wish !== undefined || (goes && countable.has(found.shape.type))
  const inside = readInside(reading, { found, recorded, wish, counts })
  if (!inside) return undefined
  const { id } = info
  const pins = live.pinsOf.map.get(id)
  const state: MapState = {
    kind: 'map',
    address,
    name: sameKernelName(name, info.name) ? name : info.name,
    owner: recorded?.owner ?? 'stack',
    shape: inside.shape,
    layout: recorded?.layout ?? {},
    pinned: pins !== undefined,
    contents: inside.contents,
    onChange: 'refuse',
    onSlotChange: 'replace',
    live: inside.entries === undefined ? { id, pins: pins ?? [] } : { id, pins: pins ?? [], entries: inside.entries },
  }
  return recorded?.foreignPath === undefined ? state : { ...state, foreignPath: recorded.foreignPath }
}

interface Inside {
  readonly shape: MapShape
  readonly contents: MapContents
  readonly entries: number | undefined
}

interface MapQuestion {
  readonly found: FoundMap
  readonly recorded: RecordedMap | undefined
  readonly wish: MapState | undefined
  /** How much it holds has to be known: it is wanted, or goes with that. */
  readonly counts: boolean
}

/** What only an open map tells; most maps need not be opened a second time. Undefined when it is gone. */
function readInside({ live, names }: Reading, { found, recorded, wish, counts }: MapQuestion): Inside | undefined {
  const { info, shape: outer } = found
  const outside: Inside = { shape: outer, contents: { kind: 'runtime' }, entries: undefined }
  const declared = recorded?.entries ?? recorded?.inner ?? recorded?.initial ?? recorded?.members
  const written = live.written.get(info.id) ?? []
  if (!counts && declared === undefined && written.length === 0 && !mapTypeRule(outer.type).holds) return outside
  using map = openOrGone(live.kernel, 'map', info.id)
  if (!map) return undefined
  const shape = withInner(live, { map, shape: outer, recorded })
  const contents = readContents({ live, names, map, shape, recorded, wish, written })
  const exactly = wish !== undefined && isOther(shape, recorded, wish)
  return {
    shape,
    contents,
    entries: counts ? countEntries(live.kernel, map, { type: outer.type, exactly }) : undefined,
  }
}

/** A map that will be replaced: how much that loses, or whether it has room elsewhere, has to be known. */
function isOther(shape: MapShape, recorded: RecordedMap | undefined, wish: MapState): boolean {
  const fields = ['type', 'keySize', 'valueSize', 'maxEntries'] as const
  const { key, value } = recorded?.layout ?? {}
  const layout = (key ?? wish.layout.key) !== wish.layout.key || (value ?? wish.layout.value) !== wish.layout.value
  return layout || fields.some((field) => shape[field] !== wish.shape[field])
}

interface OpenMap {
  readonly map: Fd<'map'>
  readonly shape: MapShape
  readonly recorded: RecordedMap | undefined
}

function withInner(live: LiveTree, { map, shape, recorded }: OpenMap): MapShape {
  if (mapTypeRule(shape.type).holds !== 'maps') return shape
  const inner = recorded?.innerShape ?? shapeOfSomeInner(live, map)
  return inner ? { ...shape, inner } : shape
}

/** The kernel does not tell an outer map's template; any map inside has its shape (but for the size of some arrays). */
function shapeOfSomeInner(live: LiveTree, outer: Fd<'map'>): MapShape | undefined {
  for (const id of readInnerIds(live.kernel, outer)) {
    using inner = openOrGone(live.kernel, 'map', id)
    const info = inner && live.kernel.describe(inner)
    if (info?.kind === 'map' && info.type) return { ...info.shape, type: info.type }
  }
  return undefined
}

/** Opens maps that are not at their pin by their ids; one that is gone is left out. */
function openMisplaced({ kernel }: LiveTree, misplaced: ReadonlyMap<MapAddress, MapId>): FoundMap[] {
  const found: FoundMap[] = []
  for (const [address, id] of misplaced) {
    using map = openOrGone(kernel, 'map', id)
    const info = map && kernel.describe(map)
    if (info?.kind === 'map' && info.type) found.push({ address, info, shape: { type: info.type, ...info.shape } })
  }
  return found.sort((a, b) => (a.address < b.address ? -1 : 1))
}
