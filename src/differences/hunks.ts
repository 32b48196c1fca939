import { diffArrays } from 'diff'

/** A place where two lists of lines differ, with up to three lines that stay around it. */
export interface RawHunk {
  /** Index of its first line in the old list, and in the new one. */
  readonly oldStart: number
  readonly newStart: number
  /** Each begins with its mark: ` `, `-` or `+`. */
  readonly lines: readonly string[]
}

/** Beyond that many lines that go or come, two programs are other ones, and comparing them takes long (half a second). */
const mostEdits = 1500
const contextLines = 3

/** Where two lists of lines differ, in their order; undefined where too much does. */
export function findHunks(old: readonly string[], wanted: readonly string[]): readonly RawHunk[] | undefined {
  const runs = diffArrays([...old], [...wanted], { maxEditLength: mostEdits })
  return (
    runs &&
    hunksOf(
      runs.flatMap(({ value, added, removed }) => value.map((line) => `${added ? '+' : removed ? '-' : ' '}${line}`)),
    )
  )
}

/** `lines` are all lines of both sides, with their marks. */
function hunksOf(lines: readonly string[]): readonly RawHunk[] {
  let [at, oldStart, newStart] = [0, 0, 0]
  return groupsOf(lines).map(([first, last]) => {
    const from = Math.max(0, first - contextLines)
    for (; at < from; at++) {
      if (lines[at]?.[0] !== '+') oldStart++
      if (lines[at]?.[0] !== '-') newStart++
    }
    return { oldStart, newStart, lines: lines.slice(from, last + 1 + contextLines) }
  })
}

/** First and last lines that differ and are so near to each other that what lies between them is shown, too. */
function groupsOf(lines: readonly string[]): readonly (readonly [first: number, last: number])[] {
  const groups: [first: number, last: number][] = []
  for (const [at, line] of lines.entries()) {
    if (line.startsWith(' ')) continue
    const group = groups.at(-1)
    if (group && at - group[1] <= 2 * contextLines + 1) group[1] = at
    else groups.push([at, at])
  }
  return groups
}
