import type { Hex } from '../util/hex.ts'
import type { Milliseconds } from '../util/measure.ts'
import type { Address, MapAddress, ProgramAddress } from './address.ts'
import type { LinkTarget } from './link-spec.ts'
import type { Entry, MapLayout, MapShape } from './map-spec.ts'
import type { RecordedMigration } from './migration.ts'
import type { PinnedObject } from './outer-pin.ts'
import type { LoadAttributes, MapReference } from './program-spec.ts'

/** Owner and mode of a stack's directories and pins. */
export interface Ownership {
  readonly uid?: number
  readonly gid?: number
  /** Permission bits of directories; pins get them without the execute bits. */
  readonly mode?: number
}

/** A directory whose owner or mode somebody changed. */
export interface Misowned {
  /** Relative to the stack's directory; empty for that itself. */
  readonly path: string
  /** What of it differs, as recorded and as found; `mode` are permission bits. */
  readonly differs: readonly {
    readonly attribute: keyof Ownership
    readonly recorded: number
    readonly found: number
  }[]
}

/**
 * What the kernel does not remember about a generation, kept in a pinned, frozen one-entry array beside its pins. Advisory:
 * the kernel is the truth; where they differ that is drift.
 */
export interface StackRecord {
  /** Layout of this record. */
  readonly version: 1
  readonly stack: string
  /** Counts up by one with each published state. */
  readonly generation: number
  /** `destroying`: a destroy has begun and is finished by whoever comes next. */
  readonly phase: 'published' | 'destroying'
  /** SHA-256 of the manifest. */
  readonly manifest: string
  /** The stack may not be destroyed; absent: it may. */
  readonly protect?: true
  /** Former generations that are kept beside this one; absent: none. */
  readonly history?: number
  /** Milliseconds to wait for sleepable programs when this generation goes; absent: the default. */
  readonly drain?: number
  /** Taken back unless somebody confirms it; absent where it stays. */
  readonly awaits?: Awaited
  /** Owner and mode that the tree was given; absent for the default. */
  readonly ownership?: Ownership
  /** Further pins, by their absolute path outside of the stack's directory; absent: none. */
  readonly pins?: Readonly<Record<string, Address>>
  /** What left the stack with this generation, by the absolute path of its pin, which is not the stack's; absent: nothing. */
  readonly left?: Readonly<Record<string, PinnedObject>>
  /** Directories that were made for them, absolute; absent: none. */
  readonly directories?: readonly string[]
  /** What an import took in, and where it was: enough to finish it by; absent: everything was made by pinfold. */
  readonly imports?: Readonly<Record<Address, ImportedObject>>
  /** Maps whose entries are still being carried over from the former generation; absent: none. */
  readonly migrations?: readonly RecordedMigration[]
  /** What its apply changes in maps that live on, to be taken back where it is killed before it is published; absent: nothing. */
  readonly written?: readonly WrittenEntry[]
  readonly programs: Readonly<Record<string, RecordedProgram>>
  readonly maps: Readonly<Record<string, RecordedMap>>
  readonly links: Readonly<Record<string, RecordedLink>>
}

/** An entry that an apply makes, replaces or deletes; undefined is "no such entry". */
export interface WrittenEntry {
  readonly map: MapAddress
  readonly key: Hex
  readonly before?: Hex
  readonly after?: Hex
}

/** An object that was there before its stack. */
export interface ImportedObject {
  readonly id: number
  /** Absolute path of a pin of it; absent where it has none. */
  readonly path?: string
}

/** What a generation that has to be confirmed waits for. */
export interface Awaited {
  /** Milliseconds to confirm it in. */
  readonly within: number
  /**
   * When the time is up, in milliseconds since boot (Kernel.sinceBoot). Absent until the generation is published: a crash
   * before the clock was started counts as time that is up.
   */
  readonly deadline?: Milliseconds
  /** The generation to go back to; 0: there was none, the stack goes. */
  readonly former: number
}

/** What the kernel would forget of any object. */
interface Protectable {
  /** It may not be deleted, nor replaced with a loss, until a manifest says so; absent: it may. */
  readonly protect?: true
}

/** What the kernel would forget of a program. */
export interface RecordedProgram extends Protectable {
  readonly load: LoadAttributes
  /** What a kernel, new or old, says as its tag. */
  readonly tags: readonly string[]
  /** Relocated instructions with map references zeroed; base64. */
  readonly instructions: string
  readonly references: readonly MapReference<MapAddress>[]
}

/** What the kernel would forget of a map. */
export interface RecordedMap extends Protectable {
  readonly owner: 'stack' | 'foreign'
  readonly foreignPath?: string
  readonly pinned: boolean
  readonly layout: MapLayout
  /** Shape of the template of an outer map, which the kernel does not tell. */
  readonly innerShape?: MapShape
  /** Declared slots of a program array. */
  readonly slots?: Readonly<Record<string, ProgramAddress>>
  readonly inner?: Readonly<Record<string, MapAddress>>
  readonly entries?: readonly Entry[]
  /** What a data section started with. */
  readonly initial?: Hex
  readonly frozen?: boolean
  /** Of a struct of functions: its value without the programs, and those by byte offset. */
  readonly members?: { readonly value: Hex; readonly slots: Readonly<Record<string, ProgramAddress>> }
  /** A destroy of the stack leaves it; absent: removes it. */
  readonly onDestroy?: 'keep'
}

/** What the kernel would forget of a link. */
export interface RecordedLink extends Protectable {
  /** Of struct_ops the map. */
  readonly program: ProgramAddress | MapAddress
  readonly target: LinkTarget
  /** How the manifest wants it replaced where the kernel cannot update it: a rollback does as the upgrade did. Absent: overlap. */
  readonly onReplace?: 'gap'
  /** A destroy of the stack leaves it, and what it runs; absent: removes it. */
  readonly onDestroy?: 'keep'
}
