import type { MapAddress, ProgramAddress } from '../model/address.ts'
import type { MapState, ProgramState, State } from '../model/state.ts'
import type { Reason } from './change.ts'
import type { MapDifference } from './diff-map.ts'

/** What has to happen to a map that is fixed once made: another one, or one slot of it exchanged where it is. */
export interface MapOutcome {
  readonly how: 'replace' | 'in-place'
  readonly because: readonly Reason[]
}

/** The maps that cannot stay as they are, and why each program is loaded anew (an empty list or no entry: it stays). */
export interface Closure {
  readonly maps: ReadonlyMap<MapAddress, MapOutcome>
  readonly programs: ReadonlyMap<ProgramAddress, readonly Reason[]>
}

/**
 * Closes the differences over use: a program is bound to its maps for good, so a replaced map means new programs; a program
 * array is an immutable generation, so a new program in a slot means a new array, and that new callers. Cycles end since
 * each round only adds.
 */
export function follow(
  desired: State,
  maps: ReadonlyMap<MapAddress, MapDifference>,
  programs: ReadonlyMap<ProgramAddress, readonly Reason[]>,
): Closure {
  const wanted = [...desired.resources.values()]
  const wantedMaps = wanted.filter((it) => it.kind === 'map')
  const wantedPrograms = wanted.filter((it) => it.kind === 'program')
  let closure: Closure = { maps: new Map(), programs }
  for (;;) {
    const nextMaps = followMaps(wantedMaps, maps, closure)
    const nextPrograms = followPrograms(wantedPrograms, programs, { maps: nextMaps, programs: closure.programs })
    const before = weigh(closure)
    closure = { maps: nextMaps, programs: nextPrograms }
    if (weigh(closure) === before) return closure
  }
}

/** Grows with every round that adds something: reasons, or a map that one slot in place no longer does for. */
function weigh(closure: Closure): number {
  const maps = [...closure.maps.values()].map((it) => it.because.length + (it.how === 'replace' ? 1 : 0))
  const programs = [...closure.programs.values()].map((because) => because.length)
  return [...maps, ...programs].reduce((sum, count) => sum + count, 0)
}

function followMaps(
  wanted: readonly MapState[],
  differences: ReadonlyMap<MapAddress, MapDifference>,
  closure: Closure,
): Map<MapAddress, MapOutcome> {
  const outcomes = new Map<MapAddress, MapOutcome>()
  for (const map of wanted) {
    const difference = differences.get(map.address)
    if (!difference) continue // it is created: nothing live depends on it
    const slots = changedSlots(map, difference, closure)
    const because = [...difference.fixed, ...slots]
    if (because.length === 0) continue
    // One slot is one atomic exchange; with two, packets would meet half-old, half-new chains.
    // A former generation's array that is still the live one has its slots put back where it is.
    const allowed = map.live ? map.contents.kind === 'slots' : map.onSlotChange === 'in-place' && slots.length === 1
    const inPlace = allowed && difference.fixed.length === 0
    outcomes.set(map.address, { how: inPlace ? 'in-place' : 'replace', because })
  }
  return outcomes
}

/** Slots that hold another program than live: another one by name, or the same one loaded anew. */
function changedSlots(map: MapState, difference: MapDifference, closure: Closure): Reason[] {
  const { kind } = map.contents
  if (kind !== 'slots' && kind !== 'members') return []
  const changed = new Map(difference.slots)
  for (const [index, program] of map.contents.slots) {
    const reloaded = (closure.programs.get(program as ProgramAddress)?.length ?? 0) > 0
    if (reloaded && !changed.has(index))
      changed.set(index, { attribute: `${kind}.${index}`, before: program, after: program })
  }
  return [...changed].sort(([a], [b]) => a - b).map(([, reason]) => reason)
}

function followPrograms(
  wanted: readonly ProgramState[],
  own: ReadonlyMap<ProgramAddress, readonly Reason[]>,
  closure: Closure,
): Map<ProgramAddress, readonly Reason[]> {
  const reasons = new Map<ProgramAddress, readonly Reason[]>()
  for (const program of wanted) {
    const known = own.get(program.address)
    if (known === undefined) continue // it is created
    if (known.length > 0) reasons.set(program.address, known)
    else {
      const replaced = program.maps.filter((map) => closure.maps.get(map as MapAddress)?.how === 'replace')
      const uses = [...replaced, ...extendedAnew(program, own, closure)].map((after) => ({ attribute: 'uses', after }))
      if (uses.length > 0) reasons.set(program.address, uses)
    }
  }
  return reasons
}

/** What extends or traces a program is bound to it for good, too. */
function extendedAnew(
  { load }: ProgramState,
  own: ReadonlyMap<ProgramAddress, readonly Reason[]>,
  { programs }: Closure,
): readonly string[] {
  const target = load?.attachProgram
  if (target === undefined || target.startsWith('/')) return []
  const isNew = !own.has(target as ProgramAddress) || (programs.get(target as ProgramAddress)?.length ?? 0) > 0
  return isNew ? [target] : []
}
