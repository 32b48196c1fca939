import { type LinkAddress, linkAddress, liveRef } from '../model/address.ts'
import type { SystemGraph } from '../model/graph.ts'
import type { RecordedLink } from '../model/record.ts'
import type { CurrentState, Tree, TreePin } from '../model/state.ts'
import { removeStack, removeTrees } from './destroy.ts'
import { finishExchange } from './finish-exchange.ts'
import { adoptedBy, canReturn, isLeftToUsers, judgeFormer, mapsIn, succeed } from './history.ts'
import { isBare } from './is-bare.ts'
import { prove } from './make-plan.ts'
import { runOf } from './merge.ts'
import type { Plan } from './plan.ts'
import { existingInTrees } from './preconditions.ts'
import { finishImport, importedIds, isImport } from './recover-import.ts'
import { clearMigrations, isMerging, mergingInto, unfinished } from './recover-merge.ts'
import { retain, retire, retireInTurn } from './retire.ts'
import { settleEntries } from './settle-entries.ts'
import { hasItsPins, settlePins } from './settle-pins.ts'
import { settleSlots } from './shared-slots.ts'
import type { Operation, Phase, Step } from './step.ts'

/** Something that a crash left, and what is done about it. */
export interface Leftover {
  readonly todo: Remedy
  /** The tree it is: `next`, `live`, `gen-7`. */
  readonly tree: string
  /** 0 where the tree has no record. */
  readonly generation: number
  readonly pins: number
}

/** What has to be done about a leftover. */
export type Remedy =
  /** A destroy began: finish it. The stack's own directory stays, since whoever recovers holds its lock. */
  | 'destroy'
  /** Every link runs the staged generation: it is live in all but name. Publish it. */
  | 'publish'
  /** It takes in what ran before: pin the rest of it, and publish it. */
  | 'finish-import'
  /** Some links run the staged generation: switch them back, then remove it. */
  | 'switch-back'
  /** The staged generation runs nowhere: remove it. */
  | 'discard'
  /** The trees were exchanged: retire the old one, after its last entries are carried over into migrated maps. */
  | 'retire'
  | 'merge'
  /** A record that did not get its place, or copies of entries that are merged: remove them. */
  | 'clean'

/** How far a recovery goes. */
export interface RecoveryOptions {
  /** Also removes the stack's own directory where nothing of the stack remains; default: it stays, for an apply that follows. */
  readonly removesStack?: boolean
  /** Leaves what a destroy had to keep, since others use it: an apply that follows replaces it; default: it is tried again. */
  readonly leavesUsed?: boolean
}

/** A plan that recovers, with what it is about. */
export type RecoveryPlan = Plan & { readonly leftovers: readonly Leftover[] }

/**
 * False where nothing can have been interrupted and nothing of an older generation waits to be removed. Asks neither who uses
 * what nor what the links run, so the graph of `current` may be empty.
 */
export function mayNeedRecovery({ trees, record }: CurrentState): boolean {
  const former = trees.filter((tree) => tree.name !== 'live')
  const isKept = (tree: Tree): boolean =>
    tree.name !== 'next' && canReturn(tree) && !tree.directories.includes(`${tree.name}/links`)
  const live = trees.find((tree) => tree.name === 'live')
  return (
    isMerging(live) || record?.phase !== 'published' || !former.every(isKept) || former.length > (record.history ?? 0)
  )
}

/**
 * The plan that brings a stack back to one whole generation after a crash; undefined when nothing was interrupted. What a
 * tree is follows from its record and from the programs that the links run, never from its directory's name.
 */
export function planRecovery(current: CurrentState, options: RecoveryOptions = {}): RecoveryPlan | undefined {
  const { renames, current: exchanged } = finishExchange(asItIsNamed(current))
  const leftovers = findLeftovers(exchanged, options)
  const removal = options.removesStack && isEmptied(leftovers, exchanged) ? removeStack(exchanged) : []
  const steps = [...inPhase('publish', renames), ...leftovers.flatMap((leftover) => leftover.steps), ...removal]
  if (steps.length === removal.length) return undefined
  const { sources, record } = unfinished(exchanged)
  const staged = exchanged.trees.find((tree) => tree.name === 'next')
  const existing = { ...existingInTrees(exchanged), ...sources, ...importedIds(staged) }
  const published = leftovers.find(({ todo }) => todo === 'publish' || todo === 'finish-import')
  return {
    version: 1,
    action: 'recover',
    stack: current.stack,
    directory: current.directory,
    generation: { from: current.generation, to: published?.generation ?? exchanged.generation },
    changes: [],
    steps,
    ...(record && { record }),
    existing,
    preconditions: [],
    ledger: prove({ current, steps, existing }),
    diagnostics: [],
    leftovers: leftovers.map(({ steps: _, ...leftover }) => leftover),
  }
}

/** What is recovered keeps its names: moves are for the plan that follows. */
function asItIsNamed(current: CurrentState): CurrentState {
  const { unmoved } = current
  if (!unmoved) return current
  const trees = current.trees.map((tree) => (tree.name === unmoved.name ? unmoved : tree))
  return { ...current, trees, record: unmoved.record }
}

type Found = Leftover & { readonly steps: readonly Step[] }

function findLeftovers(current: CurrentState, { leavesUsed = false }: RecoveryOptions): Found[] {
  const live = current.trees.find((tree) => tree.name === 'live')
  const next = current.trees.find((tree) => tree.name === 'next')
  // An apply that followed it may have been killed in turn: that is judged like any other.
  const isLeft = (leavesUsed || next?.record !== undefined) && isLeftToUsers(current)
  if (current.record?.phase === 'destroying' && live && !isLeft) return [found('destroy', live, removeTrees(current))]
  // A destroy was killed at its end. Beside former generations it was not: those go first.
  if (live && isBare(live) && current.trees.length === 1)
    return [found('discard', live, inPhase('retire', removeTree(live, current)))]
  const staged = next ? [judgeNext(next, live, current)] : []
  // Publishing, and finishing it, judges the former generations itself.
  const succession = staged.some(({ todo }) => todo === 'publish' || todo === 'retire' || todo === 'merge')
  return [
    ...staged,
    ...(succession ? [] : retireFormer(current)),
    ...leftCopies(live, succession),
    ...waitingRecord(live),
  ]
}

const found = (todo: Remedy, { name, record, pins }: Tree, steps: readonly Step[]): Found => ({
  todo,
  tree: name,
  generation: record?.generation ?? 0,
  pins: pins.length,
  steps,
})

/** Nothing of the stack is there any more when this is done. */
const isEmptied = (leftovers: readonly Found[], { trees }: CurrentState): boolean =>
  leftovers.every(({ todo }) => todo === 'destroy' || (trees.length === 1 && removesStaged.has(todo)))

const removesStaged: ReadonlySet<Remedy> = new Set(['discard', 'switch-back'])

/** Of migrations, where no former generation is finished with. */
function leftCopies(live: Tree | undefined, succession: boolean): Found[] {
  const operations = succession && live?.record?.migrations ? [] : clearMigrations(live)
  return operations.length > 0 ? [found('clean', live as Tree, inPhase('retire', operations))] : []
}

/** A record that was about to replace another one. */
function waitingRecord(live: Tree | undefined): Found[] {
  const waiting = (live?.pins ?? []).filter((pin) => pin.kind === 'record' && pin.path.endsWith(':new'))
  return waiting.map((pin) => ({
    ...found('clean', live as Tree, inPhase('retire', [{ kind: 'unpin', path: pin.path }])),
    pins: 1,
  }))
}

function judgeNext(next: Tree, live: Tree | undefined, current: CurrentState): Found {
  // A tree gets its record before its first pin: one without is no former generation, whatever lies in it.
  if (next.record && live && next.record.generation < (live.record?.generation ?? 0))
    return found(
      live.record?.migrations ? 'merge' : 'retire',
      next,
      inPhase('retire', finishSuccession(live, next, current)),
    )
  if (!live && isImport(next)) return judgeImport(next, current)
  const running = switchedLinks(next, live, current.graph)
  if (running.length > 0 && isComplete(next) && hasItsPins(next, current))
    return found('publish', next, publish(next, live, current))
  const { moves, removals } = settlePins(current, live)
  const slots = settleSlots(current, { goes: [next], stays: live })
  const entries = settleEntries(current, { goes: next, stays: live })
  const back = inPhase('switch', [...moves, ...switchBack(running, live), ...slots, ...entries])
  const removal = removeTree(next, current)
  // Before the directory goes: as long as it is there, a recovery that was killed begins again.
  const end = [...removal.slice(0, -1), ...reattach(live), ...removal.slice(-1)]
  const gone = inPhase('retire', [...removals, ...end])
  return found(running.length === 0 ? 'discard' : 'switch-back', next, [...back, ...gone])
}

/** What it holds is held, or was, by others, and so are the pins elsewhere: nothing of that is taken back. */
function judgeImport(next: Tree, current: CurrentState): Found {
  const rest = finishImport(next, current)
  if (!rest) return found('discard', next, inPhase('retire', removeTree(next, current)))
  const publishing = inPhase('publish', [{ kind: 'rename', from: 'next', to: 'live' }])
  return found('finish-import', next, [...inPhase('prepare', rest), ...publishing])
}

type LinkPin = TreePin & { readonly kind: 'link' }
type RunPin = TreePin & { readonly kind: 'program' | 'map' }

const linksOf = (tree: Tree): LinkPin[] => tree.pins.filter((pin) => pin.kind === 'link')

/** What a link of a tree runs by its record: a program, or of struct_ops a map. */
const runAt = (tree: Tree | undefined, address: RecordedLink['program'] | undefined): RunPin | undefined =>
  tree && runsOf(tree).find((pin) => pin.address === address)
const runsOf = (tree: Tree): RunPin[] => tree.pins.filter((pin) => pin.kind === 'program' || pin.kind === 'map')
const runs = (link: LinkPin, run: RunPin): boolean =>
  run.kind === 'map' ? link.mapId === run.id : link.mapId === undefined && link.programId === run.id

/** Links pinned in the staged tree that run one of its own new programs. */
function switchedLinks(next: Tree, live: Tree | undefined, graph: SystemGraph): LinkPin[] {
  const old = live ? runsOf(live) : []
  const fresh = runsOf(next).filter((pin) => !old.some(({ kind, id }) => kind === pin.kind && id === pin.id))
  const alive = new Set(graph.roots.map((root) => root.link))
  return linksOf(next).filter((pin) => fresh.some((run) => runs(pin, run)) && alive.has(pin.id))
}

/** True when every recorded link is pinned in the tree and runs the program that the tree's record names. */
function isComplete(next: Tree): boolean {
  const links = new Map(linksOf(next).map((pin) => [pin.address, pin]))
  return Object.entries(next.record?.links ?? {}).every(([name, recorded]) => {
    const pin = links.get(linkAddress(name))
    const run = runAt(next, recorded.program)
    return pin !== undefined && !pin.severed && run !== undefined && runs(pin, run)
  })
}

function publish(next: Tree, live: Tree | undefined, current: CurrentState): Step[] {
  const moves = inPhase('switch', settlePins(current, next).moves)
  if (!live) return [...moves, ...inPhase('publish', [{ kind: 'rename', from: 'next', to: 'live' }])]
  const exchanged = inPhase('publish', [{ kind: 'exchange', a: 'next', b: 'live' }])
  return [...moves, ...exchanged, ...inPhase('retire', finishSuccession(next, live, current))]
}

/** The end of an apply whose new tree is published: the former one lies at next/. */
function finishSuccession(published: Tree, outgoing: Tree, current: CurrentState): readonly Operation[] {
  const history = published.record?.history ?? 0
  const generation = outgoing.record?.generation ?? 0
  const adopted = adoptedBy(published, current)
  const succession = {
    current: { ...current, generation },
    outgoing,
    published: mapsIn(published),
    history,
    adopted,
    merging: mergingInto(published),
  }
  return [...settlePins(current, published).removals, ...succeed(succession)]
}

/** Links that existed before run their old program again; new ones go with the tree. */
function switchBack(running: readonly LinkPin[], live: Tree | undefined): Operation[] {
  const before = new Map(live ? linksOf(live).map((pin) => [pin.id, pin]) : [])
  return running.flatMap((pin): Operation[] => {
    const old = before.get(pin.id)
    const program = old && runAt(live, live?.record?.links[old.address.slice('link.'.length)]?.program)
    if (!old || !program) return []
    const target = liveRef(old.address as LinkAddress)
    return [{ kind: 'update-link', target, program: liveRef(program.address), expected: runOf(pin) }]
  })
}

/** Links that a gap had taken off when the crash came run their old program again: the staged ones are gone by then. */
function reattach(live: Tree | undefined): Operation[] {
  const pinned = new Set(live ? linksOf(live).map((pin) => pin.address) : [])
  return Object.entries(live?.record?.links ?? {}).flatMap(([name, recorded]): Operation[] => {
    const target = liveRef(linkAddress(name))
    const program = runAt(live, recorded.program)
    if (pinned.has(linkAddress(name)) || !program) return []
    return [
      { kind: 'create-link', target, program: liveRef(program.address), attach: recorded.target },
      { kind: 'pin', target, path: `live/links/${name}` },
    ]
  })
}

/** A staged tree has second names of what the live one holds, and in a rollback of what a former one holds. */
function removeTree(tree: Tree, { trees, graph }: CurrentState): readonly Operation[] {
  const kept = new Set(trees.filter((other) => other !== tree).flatMap((other) => [...mapsIn(other)]))
  return retire({ tree, kept, graph, side: 'next' })
}

/** Former generations beyond the history go; of the others a crash may have left the links. */
function retireFormer(current: CurrentState): Found[] {
  const { graph, record } = current
  const live = current.trees.filter((tree) => tree.name === 'live')
  // How many are kept nobody knows once the live record is lost: the apply that writes it anew decides.
  if (live.length > 0 && !record) return []
  const { kept, gone } = judgeFormer(current, { history: record?.history ?? 0 })
  const held = new Set([...live, ...kept].flatMap((tree) => [...mapsIn(tree)]))
  const retirement = (tree: Tree) => ({ tree, kept: held, graph, side: 'live' }) as const
  const ends = [...kept.map((tree) => retain(retirement(tree))), ...retireInTurn(gone.map(retirement))]
  return [...kept, ...gone].flatMap((tree, index) => {
    const operations = ends[index] ?? []
    return operations.length > 0 ? [found('retire', tree, inPhase('retire', operations))] : []
  })
}

const inPhase = (phase: Phase, operations: readonly Operation[]): Step[] =>
  operations.map((operation) => ({ phase, ...operation }))
