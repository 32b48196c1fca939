import type { Diagnostic } from '../model/diagnostic.ts'
import type { Operation, Step } from '../plan/step.ts'

/** What an apply reports while it runs, in order. Times are milliseconds. */
export type ApplyEvent =
  | {
      readonly type: 'started'
      readonly stack: string
      readonly action: 'apply' | 'destroy' | 'recover'
      readonly steps: number
    }
  | { readonly type: 'step-started'; readonly index: number; readonly step: Step }
  | { readonly type: 'step-finished'; readonly index: number; readonly step: Step; readonly ms: number }
  | { readonly type: 'step-failed'; readonly index: number; readonly step: Step; readonly problem: Problem }
  /** A step that was left out because somebody else still uses what it would remove. */
  | { readonly type: 'step-left-out'; readonly index: number; readonly step: Step; readonly because: string }
  | { readonly type: 'undone'; readonly operation: Operation }
  | { readonly type: 'undo-failed'; readonly operation: Operation; readonly problem: Problem }
  | { readonly type: 'finished'; readonly outcome: Outcome }

/** How an apply ended; each has its exit code. */
export interface Outcome {
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
  readonly generation: number
  readonly problem?: Problem
  /** What remains, one sentence each. */
  readonly left: readonly string[]
  readonly diagnostics: readonly Diagnostic[]
}

/** An error as data. */
export interface Problem {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly log?: string
}
