import type { CodeDifference, Difference, DifferencePart, ValuesDifference } from './difference.ts'

/** How much there may be in all. */
export interface Bounds {
  /** Lines of code, in all hunks; default 4,000. */
  readonly lines?: number
  /** Values; default 2,000. */
  readonly values?: number
}

/** The same with whole hunks and values left out from where there are too many; each part says how many. */
export function bounded(differences: readonly Difference[], bounds: Bounds): readonly Difference[] {
  const left = { lines: bounds.lines ?? 4000, values: bounds.values ?? 2000 }
  return differences.map((difference) => ({ ...difference, parts: difference.parts.map((part) => cut(part, left)) }))
}

interface Left {
  lines: number
  values: number
}

const cut = (part: DifferencePart, left: Left): DifferencePart =>
  part.kind === 'code' ? cutCode(part, left) : cutValues(part, left)

function cutValues(part: ValuesDifference, left: Left): ValuesDifference {
  const values = part.values.slice(0, left.values)
  left.values -= values.length
  const omitted = part.values.length - values.length
  return omitted > 0 ? { ...part, values, omitted } : part
}

function cutCode(part: CodeDifference, left: Left): CodeDifference {
  const kept = part.hunks.findIndex((hunk) => {
    left.lines -= hunk.lines.length
    return left.lines < 0
  })
  if (kept < 0) return part
  // What comes later might be short enough, but would hide that something is missing before it.
  left.lines = 0
  return { ...part, hunks: part.hunks.slice(0, kept), omitted: part.hunks.length - kept }
}
