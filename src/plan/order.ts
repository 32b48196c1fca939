import type { Operation, Step } from './step.ts'

/**
 * The order of an apply (design: "the order of an apply"). Each row is one stage; a stage begins only when the one above is
 * done, and nothing live is touched before `entries`.
 */
const stages = [
  { stage: 'directories', phase: 'prepare' },
  { stage: 'record', phase: 'prepare' },
  { stage: 'keep', phase: 'prepare' },
  { stage: 'maps', phase: 'prepare' },
  // Pinned before a program that uses them exists: from the first load on, a crash leaves them held.
  { stage: 'arrays', phase: 'prepare' },
  { stage: 'programs', phase: 'prepare' },
  // As late as can be, so that little is written after it; before the declared contents, which come on top.
  { stage: 'copies', phase: 'prepare' },
  { stage: 'slots', phase: 'prepare' },
  // Pins elsewhere, beside the path that they are for.
  { stage: 'staging', phase: 'prepare' },
  { stage: 'entries', phase: 'switch' },
  { stage: 'switch', phase: 'switch' },
  // After the pins of new links.
  { stage: 'ownership', phase: 'switch' },
  { stage: 'pins', phase: 'switch' },
  { stage: 'publish', phase: 'publish' },
  // While the old tree is still at next/, which tells a recovery that they may be left.
  { stage: 'release', phase: 'retire' },
  { stage: 'retire', phase: 'retire' },
] as const

export type Stage = (typeof stages)[number]['stage']

/** An operation and the stage it belongs to. */
export interface Staged {
  readonly stage: Stage
  readonly operation: Operation
}

/** Puts operations into the order of their stages; within a stage they stay as they came. */
export function order(staged: readonly Staged[]): readonly Step[] {
  return stages.flatMap(({ stage, phase }) =>
    staged.filter((it) => it.stage === stage).map(({ operation }) => ({ phase, ...operation })),
  )
}
