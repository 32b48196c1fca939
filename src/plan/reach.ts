import type { Address, MapAddress } from '../model/address.ts'
import type { LinkedTarget, State } from '../model/state.ts'

/**
 * Every map of a state that a program can reach: the maps it uses, and over the slots of program arrays and the inner maps of
 * outer ones those of whatever it can tail-call.
 */
export function mapsReachedFrom(state: State, from: LinkedTarget): ReadonlySet<MapAddress> {
  const maps = new Set<MapAddress>()
  const pending: string[] = [from]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const resource = state.resources.get(next as Address)
    if (resource?.kind === 'program') pending.push(...resource.maps)
    if (resource?.kind !== 'map' || maps.has(resource.address)) continue
    maps.add(resource.address)
    const { contents } = resource
    if ('slots' in contents) pending.push(...contents.slots.values())
  }
  return maps
}
