import type { Kernel } from '../index.ts'
import type { ShownDifferences, StatesOfPlan } from './differences.ts'
import type { OptionValues } from './option-table.ts'

/** What --diff shows; undefined where it is not given: then nothing is loaded for it. */
export async function differencesIn(
  { diff }: OptionValues,
  kernel: Kernel,
  states: StatesOfPlan,
): Promise<ShownDifferences | undefined> {
  return diff ? (await import('./differences.ts')).differencesOf(kernel, states) : undefined
}
