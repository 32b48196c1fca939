import { migrationProblems } from '../layout/migration.ts'
import type { Migration, MigrationSide } from '../model/migration.ts'
import type { MapState } from '../model/state.ts'

/** A migration, or why there can be none; undefined where the manifest asks for none. */
export type Judgement = { readonly migration: Migration } | { readonly refusals: readonly string[] } | undefined

/** Whether the entries of a live map (or the variables of a data section) can be carried over into the one that is wanted. */
export function judgeMigration(before: MapState, after: MapState): Judgement {
  if (!isAskedFor(after)) return undefined
  const { merge = 'keep-new', onLossy = 'refuse' } = after
  const { contents } = after
  const base = contents.kind === 'data' && contents.initial !== undefined ? { base: contents.initial } : {}
  const migration: Migration = { from: sideOf(before), to: sideOf(after), merge, onLossy, ...base }
  const refusals = [...ownProblems(before, after), ...migrationProblems(migration), ...roomProblems(before, after)]
  return refusals.length > 0 ? { refusals } : { migration }
}

const isAskedFor = ({ contents, onChange, globals }: MapState): boolean =>
  contents.kind === 'data' ? !contents.frozen && globals === 'carry' : onChange === 'migrate'

const sideOf = ({ shape, layout }: MapState): MigrationSide => ({
  type: shape.type,
  keySize: shape.keySize,
  valueSize: shape.valueSize,
  maxEntries: shape.maxEntries,
  layout,
})

function ownProblems(before: MapState, after: MapState): string[] {
  if (before.owner !== after.owner) return ['it belongs to somebody else on one side']
  if (!after.pinned || before.live?.pins.length === 0)
    return ['it is not pinned, so an interrupted merge could not go on']
  if (
    before.shape.inner &&
    after.shape.inner &&
    JSON.stringify(before.shape.inner) !== JSON.stringify(after.shape.inner)
  )
    return ['the maps in it have another shape']
  return []
}

/** An LRU map makes room by itself. */
function roomProblems({ live }: MapState, { shape }: MapState): string[] {
  const entries = live?.entries
  if (entries === undefined || entries <= shape.maxEntries || shape.type.startsWith('lru_')) return []
  return [`it holds ${entries} entries, and the new map has room for ${shape.maxEntries}`]
}
