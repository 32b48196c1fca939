import type { Ref } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { LintPolicy } from '../model/lint-rules.ts'
import type { StackRecord } from '../model/record.ts'
import type { ForeignProgram } from '../model/state.ts'
import type { Milliseconds } from '../util/measure.ts'
import type { Cause, Change, PinChange, Protection } from './change.ts'
import type { Drift } from './drift.ts'
import type { Step } from './step.ts'

/** Everything an apply will do, as data: no closures, no handles. */
export interface Plan {
  readonly version: 1
  /** `recover` finishes or takes back what was interrupted, before anything else is planned. */
  readonly action: 'apply' | 'confirm' | 'import' | 'rollback' | 'destroy' | 'recover' | 'repair' | 'forget'
  readonly stack: string
  /** Absolute path of the stack's directory; steps' paths are relative to it. */
  readonly directory: string
  /** 0: none. Equal where nothing changes. */
  readonly generation: { readonly from: number; readonly to: number }
  /** In execution order of their effects. */
  readonly changes: readonly Change[]
  /** What becomes of the protection of the whole stack; absent: it stays. */
  readonly protection?: Protection
  /** Pins outside of the stack's directory; absent: none. */
  readonly pins?: readonly PinChange[]
  /** Why owner and mode of the tree are set again; absent: they stay. */
  readonly ownership?: Cause | 'manifest'
  /** What somebody else changed since the last apply, where something is to be done; absent: nothing, or no record tells. */
  readonly drift?: readonly Drift[]
  /** In execution order; empty where nothing is to be done. */
  readonly steps: readonly Step[]
  /** The record that `write-record` writes. */
  readonly record?: StackRecord
  /** Kernel ids of the objects that steps refer to and that exist before the first step. */
  readonly existing: Readonly<Record<Ref | ForeignProgram, number>>
  /** What must still be true when the apply begins; otherwise the plan is stale. */
  readonly preconditions: readonly Precondition[]
  /** Who holds each program array after each step. */
  readonly ledger: Ledger
  /** It is taken back unless somebody confirms it in this time; absent: it stays. */
  readonly confirmWithin?: Milliseconds
  /** What the user said about codes, which `diagnostics` follow; absent: nothing. */
  readonly policy?: LintPolicy
  /** Risks and refusals; one of severity `error` means that the plan must not be applied. */
  readonly diagnostics: readonly Diagnostic[]
}

/** What a plan does to its stack, after `cannot`. */
export const verbOf = ({ action }: Pick<Plan, 'action'>): string => (action === 'rollback' ? 'roll back' : action)

/** One fact that a plan rests on; checked again before the first step (P301 where it no longer holds). */
export type Precondition =
  /** The pin at this path is this object. */
  | { readonly kind: 'pin'; readonly path: string; readonly object: 'map' | 'program' | 'link'; readonly id: number }
  /** Nothing is at this path. */
  | { readonly kind: 'absent'; readonly path: string }
  /** `map` is given for struct_ops, whose `program` is 0. */
  | { readonly kind: 'link-runs'; readonly link: number; readonly program: number; readonly map?: number }

/** The proof: after each step, who holds each array that the kernel would empty at its last user reference. */
export interface Ledger {
  /** The arrays (and maps of the same rule) that the proof is about, by name for people: `map.tail_calls`, `#41 (jmp_table)`. */
  readonly arrays: readonly string[]
  /** One row a step, in the order of the steps. */
  readonly rows: readonly LedgerRow[]
}

/** The holders after one step. */
export interface LedgerRow {
  /** Index into the plan's steps. */
  readonly step: number
  readonly holders: readonly Holders[]
}

/** Who holds one array after a step. */
export interface Holders {
  /** `live:map.tail_calls`, `next:map.tail_calls`, `#41`. */
  readonly array: string
  /** Some live program can reach it. */
  readonly reachable: boolean
  /** Relative to the stack's directory where inside it. What remains after a crash. */
  readonly pins: readonly string[]
  /** The applying process has a descriptor of it open. */
  readonly open: boolean
}
