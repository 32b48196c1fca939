import type { LinkAddress, MapAddress, ProgramAddress, Ref } from '../model/address.ts'
import type { MapId, ProgramId } from '../model/ids.ts'
import type { LinkTarget } from '../model/link-spec.ts'
import type { Entry } from '../model/map-spec.ts'
import type { Migration } from '../model/migration.ts'
import type { PinnedObject } from '../model/outer-pin.ts'
import type { ForeignMap, ForeignProgram, Ownership } from '../model/state.ts'
import type { Hex } from '../util/hex.ts'

/** A map during an apply. */
type MapRef = `live:${MapAddress}` | `next:${MapAddress}`
/** A program during an apply. */
type ProgramRef = `live:${ProgramAddress}` | `next:${ProgramAddress}`
/** A link during an apply. */
type LinkRef = `live:${LinkAddress}` | `next:${LinkAddress}`

export type { LinkRef, MapRef, ProgramRef }

/** A program that a slot or a link holds: one of the stack's, or somebody else's by id. */
export type HeldProgram = ProgramRef | ForeignProgram
/** What a link runs: a program, or a map of them (struct_ops). */
export type HeldByLink = HeldProgram | MapRef | ForeignMap

/**
 * When a step runs, and so what a failure in it means. `prepare`: nothing live is touched; a failure removes what was
 * made. `switch`: live objects change, each operation has an inverse. `publish`: the trees are exchanged. `retire`: the
 * new generation is live and old things go; nothing is undone from here on, the next apply finishes it.
 */
export type Phase = 'prepare' | 'switch' | 'publish' | 'retire'

/** One kernel operation as data. Paths are relative to the stack's directory. */
export type Step = {
  readonly phase: Phase
  /** The code of what forbids the change that it belongs to: such a plan is shown, and not carried out. */
  readonly blocked?: string
} & Operation

/** What a step does; the inverse that undoes it is in `apply/undo`. */
export type Operation =
  | { readonly kind: 'make-directory'; readonly path: string }
  /**
   * Writes the plan's record into a frozen one-entry array and pins it; `startsClock`: with the deadline of what it awaits;
   * `migrated`: the one that is there, but without its migrations.
   */
  | { readonly kind: 'write-record'; readonly path: string; readonly startsClock?: true; readonly migrated?: true }
  /** Gives a kept object a second name in the new tree. */
  | { readonly kind: 'link-pin'; readonly target: Ref; readonly from: string; readonly to: string }
  /** Opens a foreign map by its owner's path (absolute); the id must be the planned one. */
  | { readonly kind: 'open-map'; readonly target: MapRef; readonly path: string }
  | { readonly kind: 'create-map'; readonly target: MapRef }
  | { readonly kind: 'pin'; readonly target: Ref; readonly path: string }
  /** Declared entries of a new map; `without`: keys that are not declared any more, of a map whose others were carried over. */
  | {
      readonly kind: 'write-entries'
      readonly target: MapRef
      readonly entries: readonly Entry[]
      readonly without?: readonly Hex[]
    }
  /** Copies a live map's entries into the new one, converted, and pins at `path` what was copied. */
  | {
      readonly kind: 'snapshot-map'
      readonly source: MapRef
      readonly target: MapRef
      readonly path: string
      readonly migration: Migration
    }
  /** Carries over what was written into the old map since; nothing writes to it any more. */
  | {
      readonly kind: 'merge-map'
      readonly source: MapRef
      readonly target: MapRef
      readonly path: string
      readonly migration: Migration
    }
  /** Initial bytes of a new data section. */
  | { readonly kind: 'write-data'; readonly target: MapRef }
  | { readonly kind: 'freeze'; readonly target: MapRef }
  /** `extends` is the program of the stack that it extends or traces: that one is loaded by then. */
  | { readonly kind: 'load-program'; readonly target: ProgramRef; readonly extends?: ProgramRef }
  /** A slot of a new array. */
  | { readonly kind: 'fill-slot'; readonly array: MapRef; readonly index: number; readonly program: HeldProgram }
  /** An inner map of an outer map. */
  | {
      readonly kind: 'set-inner'
      readonly outer: MapRef
      readonly index: number
      readonly before?: MapRef | ForeignMap
      readonly after?: MapRef | ForeignMap
    }
  /** Writes a new struct of functions, programs by byte offset in its value. The kernel takes it once. */
  | { readonly kind: 'write-members'; readonly target: MapRef; readonly slots: Readonly<Record<string, HeldProgram>> }
  /** Reads every slot of an array back and compares: the kernel must hold these programs and no others. */
  | { readonly kind: 'check-slots'; readonly array: MapRef; readonly slots: Readonly<Record<string, HeldProgram>> }
  /** Owner and mode of a whole tree (or outer pin) before it is published; of the stack's own directory alone where the path is empty. */
  | { readonly kind: 'set-ownership'; readonly path: string; readonly ownership: Ownership }
  /** A declared entry of a live map; undefined is "no such entry". */
  | {
      readonly kind: 'set-entry'
      readonly target: MapRef
      readonly key: Hex
      readonly before?: Hex
      readonly after?: Hex
    }
  /** One slot of a live array, in place: one atomic exchange. */
  | {
      readonly kind: 'replace-slot'
      readonly array: MapRef
      readonly index: number
      readonly before?: HeldProgram
      readonly after?: HeldProgram
    }
  /** BPF_LINK_UPDATE as compare-and-swap; a link that runs `program` already counts as done. */
  | {
      readonly kind: 'update-link'
      readonly target: LinkRef
      readonly program: HeldByLink
      readonly expected: HeldByLink
    }
  /** `attach` is where; undefined: where the desired state says. Given where a detached link is made again. */
  | {
      readonly kind: 'create-link'
      readonly target: LinkRef
      readonly program: HeldByLink
      readonly attach?: LinkTarget
    }
  /**
   * Removes every name and descriptor of a link and verifies that its id is gone: the gap before a replacement. Undone by
   * attaching `program` to `attached` again, the live link's target; undefined: severed, it cannot be attached again.
   */
  | {
      readonly kind: 'detach-link'
      readonly target: LinkRef
      readonly paths: readonly string[]
      readonly program: HeldByLink
      readonly attached?: LinkTarget
    }
  /** `holds` is given for a pin outside of the stack's directory: what must lie at `b`, or to take that back at `a`. */
  | {
      readonly kind: 'exchange'
      readonly a: string
      readonly b: string
      readonly holds?: { readonly a?: PinnedObject; readonly b?: PinnedObject }
    }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string }
  /** Closes this process's descriptor of an object. */
  | { readonly kind: 'release'; readonly target: Ref }
  /**
   * Waits until no packet is inside a program that was switched off before, and `sleep` milliseconds more for those that may
   * sleep: the RCU grace period does not cover them.
   */
  | { readonly kind: 'drain'; readonly sleep?: number }
  /** `holds` is given for a pin outside of the stack's directory: what must lie there. */
  | { readonly kind: 'unpin'; readonly path: string; readonly target?: Ref; readonly holds?: PinnedObject }
  /**
   * Goes on only when `programs` are no longer alive (their ids are gone) and no link of the system runs one of `members`, which
   * the array itself keeps alive. When somebody uses one, every later step with this array's path, and the directories above
   * it, is left out and the array reported as kept.
   */
  | {
      readonly kind: 'await-unused'
      readonly path: string
      readonly target: Ref
      readonly programs: readonly ProgramId[]
      readonly members: readonly ProgramId[]
      /** Somebody else's map: as long as it is pinned there, by its owner, nobody loses it. */
      readonly owner?: { readonly path: string; readonly id: MapId }
    }
  | { readonly kind: 'remove-directory'; readonly path: string }
  /**
   * Makes sure that an array which a program uses is pinned at `path` and has these programs in its slots: pins first, fills
   * what is empty, and reads again until no pending clear of the kernel can erase it any more.
   */
  | {
      readonly kind: 'rescue-array'
      readonly array: MapRef
      readonly path: string
      readonly slots: Readonly<Record<string, ForeignProgram>>
    }
