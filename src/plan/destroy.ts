import { nameOf } from '../model/address.ts'
import type { StackRecord } from '../model/record.ts'
import type { CurrentState, Tree } from '../model/state.ts'
import { markBlocked } from './block.ts'
import type { Change } from './change.ts'
import { deletionOf } from './diff.ts'
import { foreignPins } from './foreign-pins.ts'
import { guardChanges } from './guard.ts'
import { guardPins } from './guard-pins.ts'
import { keptOnDestroy } from './kept-on-destroy.ts'
import { linksFirst } from './links-first.ts'
import { adoptedPins } from './lint/neighbours.ts'
import { prove } from './make-plan.ts'
import { type Narrowing, narrow } from './narrow.ts'
import { pinsThatGo } from './outer-pins.ts'
import type { Plan, Precondition } from './plan.ts'
import { existingInTrees, existingOf, preconditionsOf } from './preconditions.ts'
import { guardProtection } from './protection.ts'
import { retireInTurn } from './retire.ts'
import { settlePins } from './settle-pins.ts'
import { settleSlots } from './shared-slots.ts'
import type { Step } from './step.ts'

/** How far a destroy goes. */
export interface DestroyOptions {
  /**
   * Also removes what is to be kept (`onDestroy: keep`), and forgets which saved plans were used; default: that stays, the one
   * with what it needs, the other so that none of them can be used again.
   */
  readonly purge?: boolean
  /** The stack has a directory; default: true. Without one there is nothing to do. */
  readonly isThere?: boolean
}

/**
 * The plan that removes everything the stack owns, links first and program arrays last. The record is replaced first by
 * one that says `destroying`, so that a killed destroy is finished and not taken for a stack with missing pins. Foreign pins
 * and foreign maps are left alone; throws like makePlan.
 */
export function makeDestroyPlan(current: CurrentState, options: DestroyOptions = {}): Plan {
  const kept = options.purge ? new Map() : keptOnDestroy(current)
  if (kept.size > 0 && current.record) return keepSome(current, current.record, kept)
  const changes = deletionsOf(current)
  const pins = pinsThatGo(current)
  const existing = { ...existingInTrees(current), ...existingOf(current) }
  const { isThere = true } = options
  const steps = isThere ? [...begin(current), ...removeTrees(current), ...removeStack(current, options)] : []
  return markBlocked({
    version: 1,
    action: 'destroy',
    stack: current.stack,
    directory: current.directory,
    generation: { from: current.generation, to: 0 },
    changes,
    ...(pins.length > 0 && { pins }),
    steps,
    ...(current.record ? { record: { ...current.record, phase: 'destroying' } } : {}),
    existing,
    preconditions: [...preconditionsOf(current).filter((it) => !isStaged(it, current)), ...forgets(current, options)],
    ledger: prove({ current, steps, existing }),
    diagnostics: [
      ...[...guardChanges(changes, current), ...guardPins(current)].filter((it) => it.severity === 'warning'),
      ...foreignPins(current, 'destroy'),
      ...adoptedPins({ current }),
      ...guardProtection(changes, { current }),
    ],
  })
}

/** What is kept goes on as the next generation, at its place and with its record. */
function keepSome(current: CurrentState, record: StackRecord, stays: Narrowing['stays']): Plan {
  const plan = narrow(current, record, { action: 'destroy', stays })
  return markBlocked({ ...plan, diagnostics: [...plan.diagnostics, ...guardProtection([], { current })] })
}

/** That there is no staging tree: one that is there goes, too. */
const isStaged = (precondition: Precondition, { trees }: CurrentState): boolean =>
  precondition.kind === 'absent' && trees.some(({ name }) => name === precondition.path)

/** What is forgotten is what was known then: a saved plan must not forget what was used since. */
const forgets = ({ used }: CurrentState, { purge }: DestroyOptions): Precondition[] =>
  purge && used !== undefined ? [{ kind: 'pin', path: 'used', object: 'map', id: used }] : []

/** Removes every tree: all links first, since one may run programs of another tree, then old generations, what is live last. */
export function removeTrees(current: CurrentState): readonly Step[] {
  const rank = (tree: Tree): number => (tree.name === 'live' ? 1 : 0)
  const trees = [...current.trees].sort((a, b) => rank(a) - rank(b))
  const links = trees.flatMap((tree) => tree.pins.filter((pin) => pin.kind === 'link').map((pin) => pin.path))
  const removed = new Set(links)
  const operations = retireInTurn(
    trees.map((tree) => {
      const side = tree.name === 'next' ? 'next' : 'live'
      return { tree, kept: new Set(), graph: current.graph, side, removed }
    }),
  ).flat()
  const unpins = links.map((path) => ({ kind: 'unpin', path }) as const)
  const slots = settleSlots(current, { goes: trees, stays: undefined })
  const { removals } = settlePins(current, undefined)
  // As long as a link runs a program of the stack, that may tail-call into what the stack has in somebody else's array.
  return [...removals, ...unpins, ...slots, ...operations].map((operation) => ({ phase: 'retire', ...operation }))
}

/** The stack's own directory goes last, and stays where something foreign, or the record of used plans, lies in it. */
export function removeStack(current: CurrentState, { purge = false }: DestroyOptions = {}): Step[] {
  const { trees, strays = [], used } = current
  const foreign = trees.some((tree) => tree.pins.some((pin) => pin.kind === 'foreign')) || strays.length > 0
  const forget: Step[] = used !== undefined && purge ? [{ phase: 'retire', kind: 'unpin', path: 'used' }] : []
  const stays = foreign || (used !== undefined && !purge)
  return stays ? forget : [...forget, { phase: 'retire', kind: 'remove-directory', path: '' }]
}

/** Nothing to say where no record would be found. */
const begin = ({ record }: CurrentState): Step[] =>
  record?.phase === 'published' ? [{ phase: 'prepare', kind: 'write-record', path: 'live/record' }] : []

function deletionsOf(current: CurrentState): Change[] {
  const byName = [...current.resources.values()].sort((a, b) => (nameOf(a.address) < nameOf(b.address) ? -1 : 1))
  return linksFirst(byName, ({ kind }) => kind).map(deletionOf)
}
