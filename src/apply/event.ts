import type { MapAddress } from '../model/address.ts'
import type { Diagnostic } from '../model/diagnostic.ts'
import type { VerifierLog, VerifierReport } from '../model/verifier.ts'
import type { Plan } from '../plan/plan.ts'
import type { Operation, Step } from '../plan/step.ts'
import type { Milliseconds } from '../util/measure.ts'
import type { Account } from './account.ts'

/** What an apply reports while it runs, in order. Times are milliseconds. */
export type ApplyEvent =
  /** A run begins. */
  | {
      readonly type: 'started'
      readonly stack: string
      readonly action: Plan['action']
      readonly steps: number
    }
  /** A step begins. */
  | { readonly type: 'step-started'; readonly index: number; readonly step: Step }
  /** A step is done. `loadMs`: of a program's load itself, which may have begun before its step. */
  | {
      readonly type: 'step-finished'
      readonly index: number
      readonly step: Step
      readonly ms: Milliseconds
      readonly loadMs?: Milliseconds
    }
  /** A step could not be done: what was done is undone, as far as something live may have been touched. */
  | { readonly type: 'step-failed'; readonly index: number; readonly step: Step; readonly problem: Problem }
  /** A step that was left out because somebody else still uses what it would remove. */
  | { readonly type: 'step-left-out'; readonly index: number; readonly step: Step; readonly because: string }
  /** A map's entries are in the new one. */
  | ({ readonly type: 'migrated'; readonly map: MapAddress } & Migrated)
  /** Something is taken back. `index`: the step; none for what only makes the undoing safe. */
  | { readonly type: 'undone'; readonly operation: Operation; readonly index?: number }
  /** Something could not be taken back. */
  | { readonly type: 'undo-failed'; readonly operation: Operation; readonly index?: number; readonly problem: Problem }
  /** A run ends. */
  | { readonly type: 'finished'; readonly outcome: Outcome }

/** What became of a map's entries. */
export interface Migrated {
  /** Copied before the switch. */
  readonly copied: number
  /** Written, removed or counted in the old map afterwards, and so in the new one. */
  readonly merged: number
  /** Written on both sides: the new map's stay. */
  readonly conflicting: number
  /** Had no room in the new map. */
  readonly dropped: number
}

/** How an apply ended; each has its exit code. */
export interface Outcome {
  /** How it ended. */
  readonly result:
    | 'done'
    /** Done, but an array or program is kept because somebody else uses it. */
    | 'done-kept'
    /** Failed before anything live was touched; everything made was removed. */
    | 'nothing-changed'
    /** A precondition or compare-and-swap failed; everything was undone. */
    | 'stale'
    /** Failed while switching; undone. */
    | 'rolled-back'
    /** Failed, and something could not be undone or retired; `left` says what. */
    | 'incomplete'
  /** The generation that is live now; 0 where the stack is gone. */
  readonly generation: number
  /** The first thing that went wrong; absent where nothing did. */
  readonly problem?: Problem
  /** Programs that failed to load beside the first one; absent: none. */
  readonly alsoFailed?: readonly Problem[]
  /** Maps whose entries were carried over. */
  readonly migrated?: Readonly<Record<MapAddress, Migrated>>
  /** What remains, one sentence each. */
  readonly left: readonly string[]
  /** What became of the steps; absent where all are done. */
  readonly account?: Account
  /** The command that finishes the job; absent where it is done. */
  readonly finish?: Plan['action']
  /** Warnings that came up while it ran, such as BTF that the kernel did not take. */
  readonly diagnostics: readonly Diagnostic[]
}

/** An error as data: what a PinfoldError holds, without its stack. */
export interface Problem {
  /** A code with a row in docs/errors.md. */
  readonly code: string
  /** One sentence: `cannot <verb> <address>: <what is wrong>`. */
  readonly message: string
  /** What the reader can do about it. */
  readonly hint?: string
  /** What the verifier says, where it refused a program. */
  readonly verifier?: VerifierReport
  /** Its log: the end, or all of it where `verifierLog` asked for that. Never in JSON. */
  readonly log?: VerifierLog
}
