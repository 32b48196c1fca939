import type { Ref } from '../model/address.ts'
import type { StackRecord } from '../model/record.ts'
import type { CurrentState, Tree } from '../model/state.ts'
import { finishMigrations, type Merging, removeCopies, sourcesOf } from './merge.ts'
import type { Operation } from './step.ts'

/** True where entries are still to be carried over, or where copies of them were left. */
export const isMerging = (live: Tree | undefined): boolean =>
  live?.record?.migrations !== undefined || (live !== undefined && removeCopies(live).length > 0)

/** What the steps of unfinished migrations need: the old maps by id, and the record that says that all is carried over. */
export function unfinished({ trees }: CurrentState): {
  readonly sources: Readonly<Record<Ref, number>>
  readonly record?: StackRecord
} {
  const { tree, published } = publishedTree(trees)
  if (!tree?.record?.migrations) return { sources: {} }
  const { migrations, ...record } = tree.record
  return { sources: sourcesOf(migrations, published), record }
}

/** The tree whose record names the migrations: the staged one as long as the trees are not exchanged. */
function publishedTree(trees: readonly Tree[]): Pick<Merging, 'published'> & { readonly tree: Tree | undefined } {
  const [live, next] = ['live', 'next'].map((name) => trees.find((tree) => tree.name === name))
  const staged = (next?.record?.generation ?? 0) > (live?.record?.generation ?? 0)
  return staged ? { tree: next, published: 'next' } : { tree: live, published: 'live' }
}

/** What a published tree still has to get from the former one. */
export function mergingInto(tree: Tree): Omit<Merging, 'outgoing'> {
  return {
    migrations: tree.record?.migrations ?? [],
    published: tree.name === 'next' ? 'next' : 'live',
    links: new Set(tree.pins.flatMap((pin) => (pin.kind === 'link' ? [pin.id] : []))),
  }
}

/**
 * What is left of migrations where no former generation waits for its end: copies that were merged but could not be removed, or
 * the migration itself, where somebody removed that generation before its last entries were carried over.
 */
export function clearMigrations(live: Tree | undefined): readonly Operation[] {
  const migrations = live?.record?.migrations
  if (migrations) return finishMigrations(migrations.map(({ map }) => map))
  return live?.record ? removeCopies(live) : []
}
