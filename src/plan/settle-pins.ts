import { asidePath, isSameObject, type OuterPin, type PinnedObject, stagedPath } from '../model/outer-pin.ts'
import type { CurrentState, Tree } from '../model/state.ts'
import { importedPins } from './imported-pins.ts'
import { linksFirst } from './links-first.ts'
import type { Operation } from './step.ts'

/** What brings the pins elsewhere to what one tree's record says. */
export interface SettledPins {
  /** Moves that put back (or finish putting) what waits beside a path. */
  readonly moves: readonly Operation[]
  /** Removal of what is left over; first of all that is retired, since a link or program lives as long as such a pin. */
  readonly removals: readonly Operation[]
}

/**
 * After a crash, or at a destroy (no tree): makes every pin elsewhere lead to the object of the tree that stays, or removes it
 * where that tree's record does not have it. Only what a record of the stack says, and what leads to an object of a tree
 * with such a record, is the stack's own; anything else is left alone.
 */
export function settlePins(current: CurrentState, stays: Tree | undefined): SettledPins {
  const settled = (current.outerPins ?? []).map((pin) => settlePin(pin, current, stays))
  const removals = linksFirst(
    settled.flatMap(({ gone }) => gone),
    ({ holds }) => holds.kind,
  )
  const made = current.trees.flatMap(({ record }) => record?.directories ?? [])
  return {
    moves: settled.flatMap(({ move }) => move),
    removals: [
      ...removals.map(({ path, holds }) => ({ kind: 'unpin', path, holds }) as const),
      ...removeDirectories(made, stays?.record?.directories ?? []),
    ],
  }
}

/** Those of the directories made for pins elsewhere that nobody needs any more, the deepest first. */
export const removeDirectories = (made: readonly string[], needed: readonly string[]): readonly Operation[] =>
  [...new Set(made)]
    .filter((path) => !needed.includes(path))
    .sort()
    .reverse()
    .map((path) => ({ kind: 'remove-directory', path }))

/** True when each recorded pin elsewhere of a tree is in place, or waits beside it. */
export function hasItsPins(tree: Tree, { outerPins = [] }: CurrentState): boolean {
  return Object.keys(tree.record?.pins ?? {}).every((path) => {
    const wanted = objectIn(tree, path)
    const pin = outerPins.find((it) => it.path === path)
    return [pin?.found, pin?.staged, pin?.aside].some((object) => isSameObject(object, wanted))
  })
}

interface Leftover {
  readonly path: string
  readonly holds: PinnedObject
}

interface Settling {
  readonly move: readonly Operation[]
  readonly gone: readonly Leftover[]
}

function settlePin(pin: OuterPin, current: CurrentState, stays: Tree | undefined): Settling {
  const { path, found } = pin
  // What left the stack with that tree is not its own any more.
  if (stays?.record?.left?.[path]) return { move: [], gone: [] }
  const wanted = stays && objectIn(stays, path)
  const isOwn = (object: PinnedObject | undefined): object is PinnedObject => isOwnPin(current, path, object)
  const beside = besides(pin).filter((it) => isOwn(it.holds))
  const source = beside.find((it) => isSameObject(it.holds, wanted))
  const others = beside.filter((it) => it !== source)
  if (isSameObject(found, wanted) || !source || (found && !isOwn(found))) {
    const isLeft = !isSameObject(found, wanted) && isOwn(found)
    return { move: [], gone: [...(isLeft ? [{ path, holds: found }] : []), ...beside] }
  }
  if (!found) return { move: [{ kind: 'rename', from: source.path, to: path }], gone: others }
  const displaced = { path: source.path, holds: found }
  return {
    move: [{ kind: 'exchange', a: source.path, b: path, holds: { b: found } }],
    gone: [displaced, ...others],
  }
}

/** What lies at the names beside a path. */
const besides = ({ path, staged, aside }: OuterPin): Leftover[] => [
  ...(staged ? [{ path: stagedPath(path), holds: staged }] : []),
  ...(aside ? [{ path: asidePath(path), holds: aside }] : []),
]

/** The object that a tree's record wants at a path. */
function objectIn(tree: Tree, path: string): PinnedObject | undefined {
  const address = tree.record?.pins?.[path]
  const pin = tree.pins.find((it) => 'address' in it && it.address === address)
  return pin && 'address' in pin ? { kind: pin.kind, id: pin.id } : undefined
}

/** What an import has not published yet is not the stack's: its pins elsewhere are still those of others. */
const isStagedImport = ({ name, record }: Tree, { trees }: CurrentState): boolean =>
  name === 'next' && record?.imports !== undefined && !trees.some((tree) => tree.name === 'live')

/** True for an object of one of the stack's trees whose record has it at that path, or that an import takes in from there. */
export const isOwnPin = (current: CurrentState, path: string, object: PinnedObject | undefined): boolean =>
  current.trees.some((tree) => !isStagedImport(tree, current) && isSameObject(objectIn(tree, path), object)) ||
  importedPins(current).some((it) => it.path === path && isSameObject(it.object, object))
