import type { Address } from './address.ts'
import type { Position } from './diagnostic.ts'

/** What a user may decide about a code of a plan. */
export interface LintRule {
  /** `silence:` in the manifest accepts its warnings, with a reason; absent: they can only be denied. */
  readonly silences?: true
  /** It is an error that `--warn` makes a warning. */
  readonly lowers?: true
  /** It needs to know what a plan without changes is not asked: who uses what, where the pins lie. */
  readonly looksAround?: true
}

/**
 * Every code that `silence:`, `--deny` and `--warn` know. Errors that guard the promise or the user's own rules (P101, P102, P140, P199, …)
 * are none of them: nothing turns those off.
 */
export const lintRules: Readonly<Record<string, LintRule>> = {
  P103: { silences: true },
  P104: { silences: true },
  P106: { silences: true, looksAround: true },
  P107: { silences: true },
  P108: { silences: true },
  P122: { silences: true },
  P131: { silences: true, looksAround: true },
  P132: { silences: true },
  P141: { silences: true },
  P142: { silences: true },
  P143: { silences: true },
  P145: { silences: true },
  P146: { silences: true },
  P147: { silences: true, looksAround: true },
  P148: { silences: true },
  P149: { silences: true },
  P150: { silences: true },
  P151: { silences: true, looksAround: true },
  P152: { lowers: true, looksAround: true },
  P160: {},
  P170: { silences: true },
}

/** A warning that the manifest accepts. */
export interface Silence {
  readonly code: string
  /** The object whose warning is accepted; absent: all of that code. */
  readonly address?: Address
  /** Why, for whoever reads the plan. */
  readonly reason: string
  readonly at?: Position
}

/** What the user said about codes on the command line. Each list sorted, without doubles. */
export interface LintPolicy {
  /** Warnings that block the plan; `all`: every one but those of `warn`. */
  readonly deny: readonly string[]
  /** Errors that are warnings. */
  readonly warn: readonly string[]
}
