import type { Address, MapAddress, ProgramAddress } from '../model/address.ts'
import { describeTarget } from '../model/link-spec.ts'
import type { LinkState, MapState, ProgramState, Resource, State } from '../model/state.ts'
import { diffOwner } from './array-owner.ts'
import type { Change, Reason, Verdict } from './change.ts'
import { diffLink } from './diff-link.ts'
import { differing, diffMap, type MapDifference } from './diff-map.ts'
import { diffProgram } from './diff-program.ts'
import { type Closure, follow, type MapOutcome } from './follow.ts'
import { linksFirst } from './links-first.ts'
import { judgeMigration } from './migration.ts'
import { mapsReachedFrom } from './reach.ts'

/**
 * The difference of two states: one change for each resource of either, in the order maps, programs, links, then what goes.
 * A replaced map drags the programs that use it along, those the arrays they stand in, and so on (see follow).
 */
export function diff(current: State, desired: State): readonly Change[] {
  const closure = follow(desired, compareMaps(current, desired), comparePrograms(current, desired))
  const wanted = [...desired.resources.values()]
  const links = wanted.filter((it) => it.kind === 'link').map((link) => linkChange(current, link, closure))
  const maps = wanted
    .filter((it) => it.kind === 'map')
    .map((map) => {
      const outcome = closure.maps.get(map.address)
      const switched = outcome ? switchOf(map, desired, links) : 'atomic'
      return mapChange(current, map, { outcome, switched, inner: newInner(map, closure.maps) })
    })
  const programs = wanted
    .filter((it) => it.kind === 'program')
    .map((program) => programChange(current, program, closure.programs.get(program.address) ?? []))
  return [...maps, ...programs, ...links, ...deletions(current, desired)]
}

/** What is different about every map that both sides have. */
function compareMaps(current: State, desired: State): Map<MapAddress, MapDifference> {
  const found = new Map<MapAddress, MapDifference>()
  for (const after of desired.resources.values()) {
    const before = current.resources.get(after.address)
    if (after.kind !== 'map' || before?.kind !== 'map') continue
    const difference = after.live?.pins.length ? diffAdopted(before, after) : diffMap(before, after)
    const fixed = [...difference.fixed, ...(after.live ? [] : diffOwner(current, desired, after))]
    found.set(after.address, { ...difference, fixed })
  }
  return found
}

/** A map of a former generation is the live one, whose contents may differ, or another one. */
function diffAdopted(before: MapState, after: MapState): MapDifference {
  const fixed = diffIds(before, after)
  const { contents, slots } = diffMap(before, after)
  return fixed.length > 0 ? { fixed, contents: [], slots: new Map() } : { fixed, contents, slots }
}

const diffIds = (before: Resource, after: Resource): Reason[] =>
  differing('generation', before.live?.id, after.live?.id)

/** Why each program of both sides is loaded anew, if it is. */
function comparePrograms(current: State, desired: State): Map<ProgramAddress, readonly Reason[]> {
  const found = new Map<ProgramAddress, readonly Reason[]>()
  for (const after of desired.resources.values()) {
    const before = current.resources.get(after.address)
    if (after.kind === 'program' && before?.kind === 'program')
      found.set(after.address, after.live ? diffIds(before, after) : diffProgram(before, after))
  }
  return found
}

interface MapContext {
  readonly outcome: MapOutcome | undefined
  /** How the links that lead to it are switched. */
  readonly switched: Verdict
  /** Inner maps that are made anew under the same address. */
  readonly inner: readonly Reason[]
}

function mapChange(current: State, after: MapState, context: MapContext): Change {
  const { address } = after
  const { outcome, switched, inner } = context
  const before = current.resources.get(address)
  if (before?.kind !== 'map') return { action: 'create', address, because: [], ...useOf(after) }
  const known = { ...liveOf(before), ...entriesOf(before) }
  if (outcome?.how === 'replace')
    return { action: 'replace', address, because: outcome.because, ...fateOf(before, after, switched), ...known }
  const because = [
    ...(outcome?.because ?? []),
    ...diffMap(before, after).contents,
    ...inner,
    ...pinReason(before, after),
  ]
  if (because.length === 0) return { action: 'keep', address, because, ...known }
  return { action: 'update', address, because, verdict: 'atomic', ...known }
}

/** For the view: where somebody else's map is, and which slots of it are written. */
function useOf({ owner, foreignPath, contents }: MapState): Pick<Change, 'detail'> {
  if (owner !== 'foreign') return {}
  const slots = contents.kind === 'slots' ? [...contents.slots.keys()] : []
  const written = slots.length === 0 ? '' : `, ${slots.length === 1 ? 'slot' : 'slots'} ${slots.join(', ')} in place`
  return { detail: `of others, at ${foreignPath}${written}` }
}

function newInner(map: MapState, outcomes: ReadonlyMap<MapAddress, MapOutcome>): Reason[] {
  if (map.contents.kind !== 'inner') return []
  return [...map.contents.slots]
    .filter(([, inner]) => outcomes.get(inner as MapAddress)?.how === 'replace')
    .map(([index, inner]) => ({ attribute: `inner.${index}`, before: inner, after: inner }))
}

function pinReason(before: MapState, after: MapState): Reason[] {
  const { pinned } = before
  return pinned === after.pinned ? [] : [{ attribute: 'pin', before: String(pinned), after: String(after.pinned) }]
}

/**
 * Arrays of programs and read-only data are made anew from the manifest; anything else had contents of its own, which go or are
 * carried over. A former generation's map has those that it had.
 */
function fateOf(
  before: MapState,
  after: MapState,
  switched: Verdict,
): Pick<Change, 'verdict' | 'migration' | 'refusals'> {
  const { contents, shape } = after
  if (after.owner === 'foreign') return {}
  if (shape.type === 'struct_ops' || contents.kind === 'slots' || (contents.kind === 'data' && contents.frozen))
    return { verdict: switched }
  const judged = after.live ? undefined : judgeMigration(before, after)
  return judged && 'migration' in judged ? { verdict: switched, ...judged } : { verdict: 'data loss', ...judged }
}

function programChange(current: State, after: ProgramState, because: readonly Reason[]): Change {
  const before = current.resources.get(after.address)
  if (before?.kind !== 'program') return { action: 'create', address: after.address, because: [] }
  const action = because.length > 0 ? 'update' : 'keep'
  return { action, address: after.address, because, ...liveOf(before) }
}

function linkChange(current: State, after: LinkState, closure: Closure): Change {
  const { address } = after
  const before = current.resources.get(address)
  if (before?.kind !== 'link')
    return { action: 'create', address, because: [], detail: `new: ${describeTarget(after.target)}` }
  const reloaded = (closure.programs.get(after.program as ProgramAddress)?.length ?? 0) > 0
  const anew = reloaded || closure.maps.get(after.program as MapAddress)?.how === 'replace'
  return { address, ...diffLink(before, after, anew), ...liveOf(before) }
}

function deletions(current: State, desired: State): Change[] {
  const gone = [...current.resources.values()].filter((it) => !desired.resources.has(it.address))
  return linksFirst(gone, ({ kind }) => kind).map(deletionOf)
}

/** That a resource goes, with what goes with it. */
export const deletionOf = (before: Resource): Change => ({
  action: 'delete',
  address: before.address,
  because: [],
  ...lossOfDeletion(before),
  ...liveOf(before),
})

function lossOfDeletion(before: Resource): Pick<Change, 'verdict' | 'entries'> {
  if (before.kind !== 'map' || before.owner === 'foreign') return {}
  const { contents, shape } = before
  const isMade = shape.type === 'struct_ops' || contents.kind === 'slots' || contents.kind === 'data'
  return isMade ? {} : { verdict: 'data loss', ...entriesOf(before) }
}

/** The worst verdict among the links from which a program that uses the map can be reached. */
function switchOf(map: MapState, desired: State, links: readonly Change[]): Verdict {
  const order: readonly Verdict[] = ['gap', 'overlap']
  const verdicts = links
    .filter(({ address }) => {
      const link = desired.resources.get(address)
      return link?.kind === 'link' && mapsReachedFrom(desired, link.program).has(map.address)
    })
    .map((change) => change.verdict)
  return order.find((verdict) => verdicts.includes(verdict)) ?? 'atomic'
}

const liveOf = (before: Resource): Pick<Change, 'liveId'> => (before.live ? { liveId: before.live.id } : {})

const entriesOf = ({ live }: MapState): Pick<Change, 'entries'> =>
  live?.entries === undefined ? {} : { entries: live.entries }

/** The changes by address. */
export const byAddress = (changes: readonly Change[]): ReadonlyMap<Address, Change> =>
  new Map(changes.map((change) => [change.address, change]))
