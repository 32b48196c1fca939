import type { DesiredState } from '../index.ts'
import { parseDuration } from '../util/duration.ts'
import type { OptionValues } from './option-table.ts'
import { UsageError } from './usage-error.ts'

const longest = 24 * 3_600_000

/** True for milliseconds that a generation may wait to be confirmed. */
export const isConfirmTime = (within: unknown): within is number =>
  typeof within === 'number' && within > 0 && within <= longest

/** The time of --confirm; nothing where it is not given. UsageError C104 for what is no such time. */
export function confirmOption({ confirm }: OptionValues): Pick<DesiredState, 'confirmWithin'> {
  if (confirm === undefined) return {}
  const confirmWithin = parseDuration(confirm)
  if (isConfirmTime(confirmWithin)) return { confirmWithin }
  throw new UsageError(`cannot read --confirm ${confirm}: it is not a time of up to 24 hours`, {
    code: 'C104',
    hint: 'write for instance --confirm 60s, 5m or 1h',
  })
}
