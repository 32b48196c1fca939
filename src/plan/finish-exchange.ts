import { asidePath } from '../model/outer-pin.ts'
import type { CurrentState, Tree } from '../model/state.ts'
import type { Operation } from './step.ts'

/**
 * Where bpffs cannot exchange (before Linux 5.16) the trees are exchanged by renames, the published one aside for a moment. What
 * finishes that after a crash between them, and the state as it is then; no operations where nothing lies aside.
 */
export function finishExchange(current: CurrentState): {
  readonly renames: readonly Operation[]
  readonly current: CurrentState
} {
  const has = (name: string): boolean => current.trees.some((tree) => tree.name === name)
  if (!has(aside) || (has('live') && has('next'))) return { renames: [], current }
  const moves = has('live')
    ? [[aside, 'next'] as const]
    : has('next')
      ? [['next', 'live'] as const, [aside, 'next'] as const]
      : [[aside, 'live'] as const]
  const names = new Map(moves)
  const trees = current.trees.map((tree) => renameTree(tree, names.get(tree.name) ?? tree.name))
  const record = trees.find((tree) => tree.name === 'live')?.record
  return {
    renames: moves.map(([from, to]) => ({ kind: 'rename', from, to })),
    current: { ...current, trees, record, generation: record?.generation ?? 0 },
  }
}

const aside = asidePath('live')

function renameTree(tree: Tree, name: string): Tree {
  if (tree.name === name) return tree
  const move = (path: string): string => `${name}${path.slice(tree.name.length)}`
  const pins = tree.pins.map((pin) => ({ ...pin, path: move(pin.path) }))
  return { ...tree, name, pins, directories: tree.directories.map(move) }
}
