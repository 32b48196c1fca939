/** Entries in a row: `count` keys one behind the other, and as many values (per-CPU ones with all their CPUs). */
export interface EntryBatch {
  readonly keys: Uint8Array
  readonly values: Uint8Array
  readonly count: number
}

/** One integer of a value, and its place in the journal. Bytes. */
export interface AddedInteger {
  readonly at: number
  readonly size: 4 | 8
  readonly journalAt: number
  readonly journalSize: 1 | 2 | 4 | 8
}

/**
 * Adds in one instant for whoever looks after a crash: either all integers of an entry are added to and the journal says so, or
 * nothing happened. Each integer is added to atomically.
 */
export interface Adder extends Disposable {
  /** False, with nothing done, where the entry or the journal's is not there. */
  add(addition: Addition): boolean
}

/** One entry's share. */
export interface Addition {
  readonly key: Uint8Array
  readonly journalKey: Uint8Array
  /** Where in the journal's value the entry begins, bytes. */
  readonly journalOffset: number
  /** One for each integer, modulo 2^64. */
  readonly deltas: readonly bigint[]
  /** What the journal says of each integer afterwards. */
  readonly noted: readonly bigint[]
  /** Of a per-CPU map: whose value; the caller's thread runs on that CPU meanwhile, where it may. */
  readonly cpu?: number
}
