import type { Kind } from './address.ts'

/** What the kernel tells of one object that has to do with a difference: whose it is, and who can have made it. */
export interface Trace {
  /** The object; absent for a pin or directory alone. */
  readonly object?: { readonly kind: Kind; readonly id: number; readonly name?: string }
  /** The user that loaded the program; of a pin or directory its owner, which is who made it unless somebody changed that. */
  readonly uid?: number
  /** When the program was loaded, ISO 8601. */
  readonly loaded?: string
  /** A pin or directory, absolute, and when it was last changed (of a directory: what is in it), ISO 8601. */
  readonly path?: string
  /** See `path`. */
  readonly changed?: string
  /** Processes that have a descriptor of the object now; absent: none. */
  readonly holders?: readonly Holder[]
}

/** A process that has an object open: what it is called, where it still runs. */
export interface Holder {
  /** Its id. */
  readonly process: number
  /** Its name; absent where it has ended. */
  readonly name?: string
}
