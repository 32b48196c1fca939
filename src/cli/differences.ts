import {
  type CurrentState,
  type DesiredState,
  type Difference,
  findDifferences,
  type Kernel,
  type Plan,
} from '../index.ts'
import type { Paint } from './terminal.ts'
import { renderDifferences } from './views/differences.ts'

/** What --diff shows: as data for documents, and as text. */
export interface ShownDifferences {
  readonly data: readonly Difference[]
  readonly text: (paint: Paint) => string
}

/** What a plan was made from, and the plan. */
export interface StatesOfPlan {
  readonly current: CurrentState
  readonly desired: DesiredState
  readonly plan: Plan
}

/** What differs in detail between the states that a plan was made from. */
export function differencesOf(kernel: Kernel, { current, desired, plan }: StatesOfPlan): ShownDifferences {
  const { byteOrder } = kernel.identity
  const data = findDifferences({ current, desired, changes: plan.changes, byteOrder })
  return { data, text: (paint) => renderDifferences(data, paint) }
}
