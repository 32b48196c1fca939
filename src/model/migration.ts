import type { Hex } from '../util/hex.ts'
import type { MapLayout } from './map-spec.ts'
import type { MapType } from './map-types.ts'

/** How the entries of a live map get into the new one that takes its place: all that the steps and the record need. */
export interface Migration {
  readonly from: MigrationSide
  readonly to: MigrationSide
  /** `sum`: what was added to integers since they were copied is added in the new map. */
  readonly merge: 'keep-new' | 'sum'
  readonly onLossy: 'refuse' | 'truncate'
  /** What a new value starts with, where that is not zeros: the initial bytes of a data section. */
  readonly base?: Hex
}

/** A migration that is not finished yet, as the record keeps it. */
export interface RecordedMigration extends Migration {
  /** Name of the map. */
  readonly map: string
  /** Kernel id of the map whose entries are carried over. */
  readonly source: number
}

/** What a conversion has to know of one of its maps. */
export interface MigrationSide {
  readonly type: MapType
  /** Bytes. */
  readonly keySize: number
  /** Bytes of one value (of one CPU's value in per-CPU maps). */
  readonly valueSize: number
  readonly maxEntries: number
  readonly layout: MapLayout
}
