import type { Outcome } from '../index.ts'

/** What pinfold's exit codes mean; fixed, and listed by `pinfold --help`. */
export const exitCodes = {
  /** Success; for `plan`: no changes. */
  success: 0,
  /** An error; nothing was changed. */
  error: 1,
  /** `plan`: there are changes. */
  changes: 2,
  /** `plan`: all there is to do is to put back what somebody else changed. */
  drift: 3,
  /** Blocked by `onChange: refuse`, a protection or a denied warning. */
  blocked: 4,
  /** A precondition, the lock or a compare-and-swap failed; everything was undone. */
  stale: 5,
  /** Failed while switching; rolled back. */
  rolledBack: 6,
  /** Failed and not fully rolled back, or something that others use had to be kept. */
  incomplete: 7,
} as const

/** One of the exit codes. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** One line for each code, for the help. */
export const exitCodeTexts: Readonly<Record<ExitCode, string>> = {
  0: 'success; plan: no changes',
  1: 'error, nothing changed',
  2: 'plan: changes present',
  3: 'plan: drift only; doctor: something found',
  4: 'blocked by onChange: refuse, a protection or a denied warning',
  5: 'a precondition, the lock or a compare-and-swap failed, everything undone',
  6: 'failed, rolled back; or not confirmed in time',
  7: 'failed and not fully rolled back, or something had to be kept',
}

/** Errors after which planning again, or later, is the answer: locks, what awaits confirmation, saved plans that are stale. */
export const staleErrors: ReadonlySet<string> = new Set([
  ...['P301', 'P302', 'P405'],
  ...['P312', 'P313', 'P314', 'P315', 'P316', 'P317', 'P318', 'P319', 'P320', 'P321', 'P322'],
])

const outcomeCodes: Readonly<Record<Outcome['result'], ExitCode>> = {
  done: exitCodes.success,
  'done-kept': exitCodes.incomplete,
  'nothing-changed': exitCodes.error,
  stale: exitCodes.stale,
  'rolled-back': exitCodes.rolledBack,
  incomplete: exitCodes.incomplete,
}

/** The exit code of an apply or destroy that ended so. */
export const outcomeExitCode = (outcome: Outcome): ExitCode => outcomeCodes[outcome.result]
