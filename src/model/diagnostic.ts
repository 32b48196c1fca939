import type { Address } from './address.ts'

/** Where in a text file something stands; line and column count from 1. */
export interface Position {
  readonly file: string
  readonly line: number
  readonly column: number
}

/**
 * A user's mistake or a risk. The code's letter says where it comes from: M manifest, O object, P plan, K kernel;
 * every code has a row in docs/errors.md.
 */
export interface Diagnostic {
  /** An error blocks what it is about; a warning does not. */
  readonly severity: 'error' | 'warning'
  readonly code: string
  /** A constant phrase without names, e.g. `Unknown map`. */
  readonly summary: string
  /** One or two full sentences: what exactly, and why it matters. */
  readonly detail: string
  /** What to do about it. */
  readonly hint?: string
  /** The resource that it is about, where it is about one. */
  readonly address?: Address
  /** Where in the manifest the mistake stands, where it stands there. */
  readonly at?: Position
  /** A warning that the manifest accepts, and why. */
  readonly silenced?: string
  /** An error only since the user denied the warning. */
  readonly denied?: true
  /** A warning only since the user lowered the error. */
  readonly lowered?: true
}
