import { mapAddress, nameOf, programAddress } from '../model/address.ts'
import type { MapId } from '../model/ids.ts'
import { mapTypeRule } from '../model/map-types.ts'
import type { StackRecord } from '../model/record.ts'
import type { CurrentState, Tree } from '../model/state.ts'
import { type Merging, mergeMaps } from './merge.ts'
import { retain, retireInTurn } from './retire.ts'
import type { Operation } from './step.ts'
import { cancelsTimers } from './user-references.ts'

/** One generation taking the place of another. */
export interface Succession {
  readonly current: CurrentState
  /** The generation that goes; it lies at next/ once the trees are exchanged. */
  readonly outgoing: Tree
  /** Ids of the maps that the published tree pins. */
  readonly published: ReadonlySet<number>
  /** Former generations to keep, the outgoing one first. */
  readonly history: number
  /** Pins of the outgoing tree that are gone by then. */
  readonly removed?: ReadonlySet<string>
  /** Entries that are still to be carried over into the published tree's maps. */
  readonly merging?: Omit<Merging, 'outgoing'>
  /** Names of former trees whose objects the published tree took over. */
  readonly adopted?: ReadonlySet<string>
  /** Somebody put another map at a pin of the outgoing tree: its programs use others than it has. */
  readonly isMixed?: boolean
}

/**
 * What becomes of the outgoing generation and of those before it: as many as the manifest's `history` are kept for a rollback,
 * their maps and programs but never their links; the others are retired.
 */
export function succeed(succession: Succession): readonly Operation[] {
  const { current, outgoing, published, history, removed, merging } = succession
  const name = freeName(current)
  const keeps = keepsOutgoing(succession)
  const { kept, gone } = judgeFormer(current, {
    history: keeps ? history - 1 : history,
    published,
    adopted: succession.adopted,
  })
  const held = new Set(
    [published, ...kept.map(mapsIn), ...(keeps ? [mapsIn(outgoing)] : [])].flatMap((ids) => [...ids]),
  )
  const leaving = {
    tree: outgoing,
    name,
    graph: current.graph,
    side: 'live',
    kept: held,
    ...(removed && { removed }),
  } as const
  const asGone = (tree: Tree) => ({ tree, graph: current.graph, side: 'live', kept: held }) as const
  return [
    ...(merging ? mergeMaps({ ...merging, outgoing }) : []),
    { kind: 'rename', from: 'next', to: name },
    ...(keeps ? retain(leaving) : []),
    ...retireInTurn([...(keeps ? [] : [leaving]), ...gone.map(asGone)]).flat(),
  ]
}

/** True when the outgoing generation stays for a rollback. */
export const keepsOutgoing = ({ history, outgoing, published, isMixed = false }: Succession): boolean =>
  history > 0 && !isMixed && isRetainable(outgoing, published)

/** By what former generations are judged. */
interface Judgement {
  /** How many are kept. */
  readonly history: number
  /** Ids of the maps of a tree that is about to be published. */
  readonly published?: ReadonlySet<number>
  /** Names of trees whose objects the published tree took over. */
  readonly adopted?: ReadonlySet<string> | undefined
}

/** The former generations by whether they stay; a remainder that somebody's attachment uses is left for another time. */
export function judgeFormer(
  current: CurrentState,
  { history, published, adopted }: Judgement,
): { readonly kept: readonly Tree[]; readonly gone: readonly Tree[] } {
  const former = formerTrees(current)
  const kept = former.filter((tree) => canReturn(tree) && !adopted?.has(tree.name)).slice(0, history)
  const live = current.trees.filter((tree) => tree.name === 'live')
  const held = new Set([...live, ...kept].flatMap((tree) => [...mapsIn(tree)]))
  for (const map of published ?? []) held.add(map)
  const isLeft = (tree: Tree): boolean => isRemainder(tree) && isUsed(tree, held, current)
  return { kept, gone: former.filter((tree) => !kept.includes(tree) && !isLeft(tree)) }
}

/** True where a destroy left nothing but arrays that others use: as long as they do, it cannot go on. */
export const isLeftToUsers = (current: CurrentState): boolean =>
  current.trees.every((tree) => tree.name === 'next' || (isRemainder(tree) && isUsed(tree, new Set(), current)))

/** Nothing but maps that a user would lose, and the record: what retiring had to leave, to its last empty directory. */
const isRemainder = ({ name, pins, directories }: Tree): boolean =>
  directories.every((directory) => directory === name || directory === `${name}/maps`) &&
  pins.every((pin) => pin.kind === 'record' || (pin.kind === 'map' && mapTypeRule(pin.shape.type).atLastUserReference))

/** Names of the former trees that are the published one by another name: a rollback took all their objects over. */
export function adoptedBy(published: Tree, current: CurrentState): ReadonlySet<string> {
  const same = formerTrees(current).filter(
    (tree) => tree.record?.manifest === published.record?.manifest && programsIn(tree) === programsIn(published),
  )
  return new Set(same.map(({ name }) => name))
}

/** Equal for trees of the same programs. */
const programsIn = (tree: Tree): string =>
  tree.pins
    .flatMap((pin) => (pin.kind === 'program' ? [`${pin.address}#${pin.id}`] : []))
    .sort()
    .join()

/** Former generations, the latest first. */
export function formerTrees(current: CurrentState): readonly Tree[] {
  const former = current.trees.filter((tree) => tree.name !== 'live' && tree.name !== 'next')
  return former.toSorted((a, b) => (b.record?.generation ?? 0) - (a.record?.generation ?? 0))
}

/** True while every program and map that a tree's record names is pinned there: only then is there something to go back to. */
export function canReturn({ record, pins }: Tree): boolean {
  if (!record) return false
  const there = new Set(pins.map((pin) => ('address' in pin ? pin.address : '')))
  const maps = Object.keys(record.maps).filter((name) => record.maps[name]?.pinned)
  return maps.every((name) => there.has(mapAddress(name))) && hasPrograms(record, there)
}

const hasPrograms = (record: StackRecord, there: ReadonlySet<string>): boolean =>
  Object.keys(record.programs).every((name) => there.has(programAddress(name)))

/** A timer in a map of its own would keep firing while nobody uses the generation. */
function isRetainable(tree: Tree, published: ReadonlySet<number>): boolean {
  if (!canReturn(tree)) return false
  return tree.pins.every((pin) => {
    if (pin.kind !== 'map' || published.has(pin.id)) return true
    return !cancelsTimers(tree.record?.maps[nameOf(pin.address)]?.layout ?? {})
  })
}

/** Ids of the maps that a tree pins, or has let go with a pin elsewhere. */
export function mapsIn({ pins, record }: Tree): ReadonlySet<number> {
  const left = Object.values(record?.left ?? {})
  return new Set([...pins, ...left].flatMap((it) => (it.kind === 'map' ? [it.id] : [])))
}

/**
 * True when a program is alive that uses a map which only this tree holds, whatever keeps it (not every attachment is among the
 * graph's roots); one that only the slots of such an array hold counts where an attachment runs it.
 */
function isUsed(tree: Tree, held: ReadonlySet<number>, { graph }: CurrentState): boolean {
  const own = new Set([...mapsIn(tree)].filter((id) => !held.has(id)))
  const inSlots = new Set([...own].flatMap((id) => [...(graph.maps.get(id as MapId)?.programs.values() ?? [])]))
  const running = new Set(graph.roots.filter((root) => !root.severed).map(({ program }) => program))
  return [...graph.programs.values()].some(
    ({ id, maps }) => maps.some((map) => own.has(map)) && (!inSlots.has(id) || running.has(id)),
  )
}

/** `gen-7`, or with a suffix where a kept remainder of another generation 7 lies there. */
function freeName(current: CurrentState): string {
  const taken = new Set(current.trees.map((tree) => tree.name))
  const name = `gen-${current.generation}`
  for (let suffix = 0; ; suffix++) {
    const candidate = suffix === 0 ? name : `${name}-${suffix}`
    if (!taken.has(candidate)) return candidate
  }
}
