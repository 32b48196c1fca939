import { parseDuration } from '../util/duration.ts'
import type { OptionValues } from './option-table.ts'
import { UsageError } from './usage-error.ts'

const longest = 24 * 3_600_000

/** The milliseconds of --confirm; undefined where it is not given. */
export function confirmOption({ confirm }: OptionValues): number | undefined {
  if (confirm === undefined) return undefined
  const within = parseDuration(confirm)
  if (within !== undefined && within > 0 && within <= longest) return within
  throw new UsageError(`cannot read --confirm ${confirm}: it is not a time of up to 24 hours`, {
    code: 'C104',
    hint: 'write for instance --confirm 60s, 5m or 1h',
  })
}
