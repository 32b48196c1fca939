import type { Address, Kind } from './address.ts'
import type { Position } from './diagnostic.ts'

/** A further pin of an object of the stack, at a path outside of the stack's directory. */
export interface WantedPin {
  readonly address: Address
  /** Where the manifest mentions it. */
  readonly at?: Position
}

/** Such a path as it was found, with the names beside it that an apply uses on the way. */
export interface OuterPin {
  /** Absolute. */
  readonly path: string
  readonly found: PinnedObject | undefined
  /** At `stagedPath`: what is about to be put there, or was displaced from there. */
  readonly staged: PinnedObject | undefined
  /** At `asidePath`, where only a crash leaves something. */
  readonly aside?: PinnedObject | undefined
  /** Directories on the way that are not there yet, parents first; absent: all are. */
  readonly missing?: readonly string[]
  /** Why nothing may be pinned there: a clause, and what to do about it. */
  readonly problem?: { readonly what: string; readonly hint?: string }
}

/** What a pin leads to. */
export interface PinnedObject {
  readonly kind: Kind
  readonly id: number
}

/** The name beside an outer pin at which its successor waits, and then what it displaced. */
export const stagedPath = (path: string): string => `${path}:next`

/** The name beside a path at which what lies there waits while two paths are exchanged by renames (before Linux 5.16). */
export const asidePath = (path: string): string => `${path}:old`

/** True for two pins of one object. */
export const isSameObject = (a: PinnedObject | undefined, b: PinnedObject | undefined): boolean =>
  a !== undefined && b !== undefined && a.kind === b.kind && a.id === b.id
