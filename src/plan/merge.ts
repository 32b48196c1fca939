import { liveRef, mapAddress, nextRef, type Ref } from '../model/address.ts'
import type { RecordedMigration } from '../model/migration.ts'
import type { ForeignMap, ForeignProgram, Tree, TreePin } from '../model/state.ts'
import { drainOf, sleepersIn } from './sleepers.ts'
import type { Operation } from './step.ts'

/** Folder of what was copied, in the new tree, until it is merged. */
export const snapshotFolder = (tree: string): string => `${tree}/migrations`

/** Where a map's copied entries are pinned. */
export const snapshotPath = (tree: string, map: string): string => `${snapshotFolder(tree)}/${map}`

/** Where the entries are pinned that came after the copy and have been carried over since. */
export const latePath = (path: string): string => `${path}:late`

/** What has to be merged once the trees are exchanged. */
export interface Merging {
  readonly migrations: readonly RecordedMigration[]
  /** Which side the published tree's maps are on in this plan's references. */
  readonly published: 'live' | 'next'
  /** The former generation. */
  readonly outgoing: Tree
  /** Ids of the links that the published tree pins. */
  readonly links: ReadonlySet<number>
}

/**
 * The end of a migration, before anything of the former generation is removed: its links go, nothing runs its programs any more,
 * what they wrote last is carried over, and the record says so. Until then the record names the migrations, so that whoever
 * comes next goes on.
 */
export function mergeMaps({ migrations, published, outgoing, links }: Merging): readonly Operation[] {
  if (migrations.length === 0) return []
  return [
    ...replacedLinks(outgoing, links).map((pin) => detach(pin, { outgoing, published })),
    drainOfTree(outgoing),
    ...migrations.map((recorded) => mergeMap(recorded, published)),
    ...finishMigrations(migrations.map(({ map }) => map)),
  ]
}

/** One that may sleep may write into the former maps for longer. */
const drainOfTree = (tree: Tree): Operation =>
  sleepersIn(tree).length > 0 && drainOf(tree.record) > 0
    ? { kind: 'drain', sleep: drainOf(tree.record) }
    : { kind: 'drain' }

/**
 * What was copied goes, and the record says that all is carried over. A map's copy goes before what came later: where there is no
 * copy, nothing is merged again.
 */
export function finishMigrations(maps: readonly string[]): readonly Operation[] {
  const paths = maps.flatMap((map) => [snapshotPath('live', map), latePath(snapshotPath('live', map))])
  return [
    ...paths.map((path) => ({ kind: 'unpin', path }) as const),
    { kind: 'remove-directory', path: snapshotFolder('live') },
    { kind: 'write-record', path: 'live/record', migrated: true },
  ]
}

/** Copies that are merged but could not be removed then. */
export function removeCopies({ name, pins, directories }: Tree): readonly Operation[] {
  const copies = pins.filter((pin) => pin.kind === 'snapshot').map(({ path }) => ({ kind: 'unpin', path }) as const)
  const folder = snapshotFolder(name)
  const others = pins.some((pin) => pin.kind === 'foreign' && pin.path.startsWith(`${folder}/`))
  const removed = directories.includes(folder) && !others
  return [...copies, ...(removed ? [{ kind: 'remove-directory', path: folder } as const] : [])]
}

function mergeMap({ map, source: _, ...migration }: RecordedMigration, published: 'live' | 'next'): Operation {
  const [old, now] = published === 'next' ? [liveRef, nextRef] : [nextRef, liveRef]
  const address = mapAddress(map)
  return {
    kind: 'merge-map',
    source: old(address),
    target: now(address),
    path: snapshotPath('live', map),
    migration,
  }
}

type LinkPin = Tree['pins'][number] & { readonly kind: 'link' }

/** Links of a former generation that the published one does not have: those replaced by overlap still run the old programs. */
const replacedLinks = (outgoing: Tree, links: ReadonlySet<number>): readonly LinkPin[] =>
  outgoing.pins.filter((pin): pin is LinkPin => pin.kind === 'link' && !links.has(pin.id))

/** The former generation lies at next/ by then. */
function detach(pin: LinkPin, { outgoing, published }: Pick<Merging, 'outgoing' | 'published'>): Operation {
  const target = published === 'next' ? liveRef(pin.address) : nextRef(pin.address)
  const paths = [`next${pin.path.slice(outgoing.name.length)}`]
  return { kind: 'detach-link', target, paths, program: runOf(pin) }
}

/** The old maps of unfinished migrations by reference, for a plan whose published tree is on that side. */
export function sourcesOf(migrations: readonly RecordedMigration[], published: 'live' | 'next'): Record<Ref, number> {
  const old = published === 'next' ? liveRef : nextRef
  return Object.fromEntries(migrations.map(({ map, source }) => [old(mapAddress(map)), source]))
}

/** What a pinned link runs, by id. */
export const runOf = (pin: TreePin & { readonly kind: 'link' }): ForeignProgram | ForeignMap =>
  pin.mapId === undefined ? `#${pin.programId}` : `map#${pin.mapId}`
