import { type MapAddress, mapAddress, nameOf } from '../model/address.ts'
import type { MapId } from '../model/ids.ts'
import { indexKey, numberAt } from './held.ts'
import type { LiveTree } from './live-tree.ts'
import { openOrGone } from './open-or-gone.ts'
import { sameKernelName } from './same-kernel-name.ts'

/**
 * The map that each recorded program was given for each map that its code names: a program's map ids come in the order in
 * which its code first refers to each map, and the record has those references.
 */
function boundMaps(live: LiveTree): ReadonlyMap<MapAddress, MapId> {
  const bound = new Map<MapAddress, MapId>()
  for (const [i, pin] of live.tree.pins.entries()) {
    const info = live.infos[i]
    const recorded = pin.kind === 'program' ? live.rows.programs.get(nameOf(pin.address)) : undefined
    // Another program than the recorded one tells nothing.
    if (!recorded || info?.kind !== 'program' || !recorded.tags.includes(info.tag)) continue
    const used = [...new Set(recorded.references.map((reference) => reference.map))]
    // More are only bound to it, as libbpf does with .rodata, and come last.
    for (const [index, address] of used.entries()) {
      const id = info.mapIds[index]
      if (id !== undefined && !bound.has(address)) bound.set(address, id)
    }
  }
  return bound
}

/**
 * The stack's maps that are not where the record says: without a pin (the manifest wants none, or somebody removed it), or
 * with another map in their place. `pinned` is what the tree's pins lead to.
 */
export function misplacedMaps(live: LiveTree, pinned: ReadonlyMap<MapId, MapAddress>): ReadonlyMap<MapAddress, MapId> {
  const displaced = displacedInside(live)
  if (displaced.size === 0 && !mayMisplace(live, pinned)) return new Map()
  const bound = boundMaps(live)
  const there = [...pinned].flatMap(([id, address]) => (displaced.has(address) ? [] : [[address, id] as const]))
  const located = new Map([...there, ...bound])
  const found = [...bound, ...innerMaps(live, located)].filter(([address, id]) => {
    const recorded = live.rows.maps.get(nameOf(address))
    return recorded && pinned.get(id) !== address && (recorded.owner === 'stack' || !recorded.pinned)
  })
  return new Map(found)
}

/** Inner maps at whose pins there is a map of another name. */
function displacedInside({ rows, tree, infos }: LiveTree): ReadonlySet<MapAddress> {
  const inside = new Set<MapAddress>()
  for (const { inner } of rows.maps.values()) if (inner) for (const held of Object.values(inner)) inside.add(held)
  const displaced = new Set<MapAddress>()
  for (const [i, pin] of inside.size > 0 ? tree.pins.entries() : []) {
    const info = infos[i]
    const isInside = pin.kind === 'map' && inside.has(pin.address) && info?.kind === 'map'
    if (isInside && !sameKernelName(nameOf(pin.address), info.name)) displaced.add(pin.address)
  }
  return displaced
}

/** Of the other maps those that are where the record says in an outer map, and bear their names: no program names them. */
function innerMaps({ kernel, rows }: LiveTree, located: ReadonlyMap<MapAddress, MapId>): Map<MapAddress, MapId> {
  const found = new Map<MapAddress, MapId>()
  for (const [name, { inner = {} }] of rows.maps) {
    const lost = Object.entries(inner).filter(([, address]) => !located.has(address))
    const outerId = lost.length > 0 ? located.get(mapAddress(name)) : undefined
    using outer = outerId === undefined ? undefined : openOrGone(kernel, 'map', outerId)
    for (const [index, address] of outer ? lost : []) {
      const value = outer && kernel.lookup(outer, indexKey(kernel, Number(index)))
      const id = value && (numberAt(kernel, value, 0) as MapId)
      using map = id && openOrGone(kernel, 'map', id)
      const info = map && kernel.describe(map)
      if (id && info?.kind === 'map' && sameKernelName(nameOf(address), info.name)) found.set(address, id)
    }
  }
  return found
}

/** Most stacks are whole: every recorded map has its pin, and every program uses pinned maps only. */
function mayMisplace({ rows, infos, record }: LiveTree, pinned: ReadonlyMap<MapId, MapAddress>): boolean {
  if (!record) return false
  if (pinned.size < rows.maps.size) return true
  for (const info of infos) {
    if (info?.kind !== 'program') continue
    for (const id of info.mapIds) if (!pinned.has(id)) return true
  }
  return false
}
