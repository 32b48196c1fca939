import { nameOf } from '../model/address.ts'
import type { MapId } from '../model/ids.ts'
import type { CurrentState, Tree } from '../model/state.ts'
import type { Change } from './change.ts'
import { guardChanges } from './guard.ts'
import { prove } from './make-plan.ts'
import type { Plan } from './plan.ts'
import { existingOf, preconditionsOf } from './preconditions.ts'
import { retire } from './retire.ts'
import type { Operation, Step } from './step.ts'

/**
 * The plan that removes everything the stack owns, links first and program arrays last. A record that says `destroying` is
 * pinned first, so that a killed destroy is finished and not taken for a stack with missing pins. Foreign pins and foreign
 * maps are left alone; throws like makePlan.
 */
export function makeDestroyPlan(current: CurrentState): Plan {
  const live = current.trees.find((tree) => tree.name === 'live')
  const changes = deletionOf(current)
  const existing = existingOf(current)
  const steps = [...(live ? begin(current) : []), ...removeAll(current)]
  return {
    version: 1,
    action: 'destroy',
    stack: current.stack,
    directory: current.directory,
    generation: { from: current.generation, to: 0 },
    changes,
    steps,
    ...(live ? { record: destroying(current) } : {}),
    existing,
    preconditions: preconditionsOf(current),
    ledger: prove({ current, steps, existing }),
    diagnostics: guardChanges(changes, current).filter((it) => it.severity === 'warning'),
  }
}

/** Removes every tree and then the stack's own directory: old generations first, what is live last. */
export function removeAll(current: CurrentState): readonly Step[] {
  const rank = (tree: Tree): number => (tree.name === 'live' ? 1 : 0)
  const trees = current.trees.map(withMarker).sort((a, b) => rank(a) - rank(b))
  const operations = trees.flatMap((tree) =>
    retire({ tree, kept: keptBeyond(tree, trees), graph: current.graph, side: tree.name === 'next' ? 'next' : 'live' }),
  )
  const foreign = trees.some((tree) => tree.pins.some((pin) => pin.kind === 'foreign'))
  const last: readonly Operation[] = foreign ? [] : [{ kind: 'remove-directory', path: '' }]
  return [...operations, ...last].map((operation) => ({ phase: 'retire', ...operation }))
}

const marker = 'live/destroying'

/** The live tree with the record that says `destroying`, which goes last of all pins. */
function withMarker(tree: Tree): Tree {
  if (tree.name !== 'live') return tree
  const others = tree.pins.filter((pin) => pin.path !== marker)
  return { ...tree, pins: [...others, { path: marker, kind: 'record', id: 0 as MapId }] }
}

/** Maps that a tree which is removed later still holds. */
function keptBeyond(tree: Tree, trees: readonly Tree[]): Set<number> {
  const later = trees.slice(trees.indexOf(tree) + 1)
  return new Set(later.flatMap((it) => it.pins.flatMap((pin) => (pin.kind === 'map' ? [pin.id] : []))))
}

const begin = (current: CurrentState): Step[] =>
  current.record?.phase === 'destroying' ? [] : [{ phase: 'prepare', kind: 'write-record', path: marker }]

function destroying(current: CurrentState): NonNullable<Plan['record']> {
  const empty = {
    version: 1,
    stack: current.stack,
    generation: current.generation,
    manifest: '',
    programs: {},
    maps: {},
    links: {},
  } as const
  return { ...empty, ...current.record, phase: 'destroying' }
}

function deletionOf(current: CurrentState): Change[] {
  const kinds = ['link', 'program', 'map']
  return [...current.resources.values()]
    .sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || (nameOf(a.address) < nameOf(b.address) ? -1 : 1))
    .map((it) => ({ action: 'delete', address: it.address, because: [], ...(it.live ? { liveId: it.live.id } : {}) }))
}
