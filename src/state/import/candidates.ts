import type { MapId, ProgramId } from '../../model/ids.ts'
import { mapTypeRule } from '../../model/map-types.ts'
import type { Found } from './found.ts'

/**
 * Ids of the programs to import, ascending: those that are pinned, those that pinned links run, and those that they can tail-call
 * through arrays which are nobody else's.
 */
export function candidatePrograms(found: Found): number[] {
  const linked = found.pinned('link').flatMap((id) => found.link(id)?.programId ?? [])
  const arrays = found.pinned('map').flatMap((id) => heldBy(found, id))
  const programs = new Set<number>()
  const pending = [...found.pinned('program'), ...linked, ...arrays]
  for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
    if (id === 0 || programs.has(id) || isNobodysChoice(found, id)) continue
    programs.add(id)
    const maps = found.graph.programs.get(id as ProgramId)?.maps ?? []
    for (const map of maps) if (!isOthers(found, map)) pending.push(...heldBy(found, map))
  }
  return [...programs].sort((a, b) => a - b)
}

/** Left out, or another stack's. */
const isNobodysChoice = (found: Found, id: number): boolean =>
  found.isExcepted('program', id) || found.stackOf('program', id) !== undefined

/** Pinned, but not below the paths: somebody else's. */
export const isOthers = (found: Found, map: number): boolean =>
  found.pinsOf('map', map).length === 0 && found.pinsElsewhere('map', map).length > 0

function heldBy({ graph }: Found, id: number): number[] {
  const map = graph.maps.get(id as MapId)
  const holds = map?.type && (mapTypeRule(map.type).holds === 'programs' || map.type === 'struct_ops')
  return holds ? [...map.programs.values()] : []
}
