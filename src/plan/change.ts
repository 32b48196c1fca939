import type { Address } from '../model/address.ts'
import type { Migration } from '../model/migration.ts'

/** What happens to one resource. `replace` loses what a map holds unless the verdict says otherwise. */
export type Action = 'keep' | 'create' | 'update' | 'replace' | 'delete'

/**
 * How a change looks from outside. `atomic`: one instant, no packet sees neither or both. `overlap`: old and new run side by
 * side for a moment. `gap`: for a moment neither runs. `data loss`: entries are gone afterwards.
 */
export type Verdict = 'atomic' | 'overlap' | 'gap' | 'data loss'

/** `drift`: undoes what somebody else did since the last apply. `both`: and the manifest changed, too. */
export type Cause = 'drift' | 'both'

/** Why: one attribute that differs. Shown, never used to decide. */
export interface Reason {
  /**
   * `code`, `type`, `maxEntries`, `layout.value.packets` (a field), `layout.value` (the whole), `slots.3`, `entries`, `initial`, `program`, `target`, ...;
   * Of what a destroy keeps `onDestroy`, or `neededBy` what else it keeps (`after`).
   * `uses` where a map that it uses is replaced (`after` names it); `unknown` where no record tells.
   */
  readonly attribute: string
  readonly before?: string | number | undefined
  readonly after?: string | number | undefined
}

/** What becomes of a protection. */
export type Protection = 'set' | 'lifted'

/** What happens to one pin outside of the stack's directory. */
export interface PinChange {
  /** `update`: it leads to another object afterwards, in one instant. */
  readonly action: 'keep' | 'create' | 'update' | 'delete'
  /** Absolute. */
  readonly path: string
  /** What it leads to: afterwards, or for one that goes until now. */
  readonly address: Address
  /** Absent: the manifest's. */
  readonly cause?: Cause
}

/** The difference of one resource between two states. */
export interface Change {
  readonly action: Action
  readonly address: Address
  /** Why, one reason for each attribute that differs; empty where nothing does, or where all of it is new or gone. */
  readonly because: readonly Reason[]
  /** How it looks from outside; absent where nothing live changes. */
  readonly verdict?: Verdict
  /** Absent: the manifest's, or no record tells. */
  readonly cause?: Cause
  /** Entries that a map which was there holds, where known. */
  readonly entries?: number
  /** The address that it is known by until now. */
  readonly movedFrom?: Address
  /** Whether a destroy keeps it from now on, or no more; absent: that stays. */
  readonly retention?: Protection
  /** What becomes of its protection; absent: it stays. */
  readonly protection?: Protection
  /** The code of what forbids it. */
  readonly blocked?: string
  /** The entries of a replaced map are carried over. */
  readonly migration?: Migration
  /** Why they cannot be, although the manifest asks for it. */
  readonly refusals?: readonly string[]
  /** It leaves the stack as it is: the absolute path at which it is pinned from then on. */
  readonly leaves?: string
  /** Kernel id of what is live now. */
  readonly liveId?: number
  /** For a new link: where it is attached, for the view. */
  readonly detail?: string
}
