/** Of a comment: GitHub takes 65,536, and a workflow may write something around it. */
export const mostCharacters = 65_000

/** A part of a text that can be shortened by whole rows. */
export interface Section {
  /** What stands before and after the rows, line breaks included. */
  readonly before: string
  readonly after: string
  readonly rows: readonly Row[]
  /** Sections of a higher number lose rows first. */
  readonly rank: number
  /** Says how many rows were left out and how to see them; a line of its own, before `after`. */
  readonly omission: (count: number) => string
}

/** Some lines that stay or go together. */
export interface Row {
  /** Ends in a line break. */
  readonly text: string
  /** Within their section rows of a higher number go first, then the last ones; absent: 0. */
  readonly rank?: number
}

/**
 * The sections as one text of at most `limit` characters: rows are left out from the least important on, never a part of
 * one, and each section says how many. Where not even that fits, whole sections go, the least important first.
 */
export function shorten(sections: readonly Section[], limit: number): string {
  const whole = sections.map((section) => render(section, section.rows)).join('')
  if (whole.length <= limit) return whole
  const fitting = withinLimit(sections, limit)
  const note = fitting.length < sections.length && sectionNote.length <= limit ? sectionNote : ''
  const chosen = withinLimit(sections, limit - note.length)
  let left = limit - note.length - chosen.reduce((sum, section) => sum + frameOf(section), 0)
  const kept = new Map<Section, ReadonlySet<Row>>()
  for (const section of byRank(chosen)) {
    const rows = rowsWithin(section, left)
    kept.set(section, rows)
    for (const { text } of rows) left -= text.length
  }
  return chosen.map((section) => render(section, kept.get(section) ?? [])).join('') + note
}

/** Where there is no room to say how much of each. */
const sectionNote = '\n… There is more than this comment has room for: `pinfold plan` prints all of it.\n'

/** As many sections as fit without their rows. */
function withinLimit(sections: readonly Section[], limit: number): readonly Section[] {
  const chosen = [...sections]
  while (chosen.reduce((sum, section) => sum + frameOf(section), 0) > limit) {
    const least = byRank(chosen).at(-1)
    if (!least) break
    chosen.splice(chosen.indexOf(least), 1)
  }
  return chosen
}

const byRank = <R extends { readonly rank?: number }>(items: readonly R[]): R[] =>
  [...items].sort((a, b) => (a.rank ?? 0) - (b.rank ?? 0))

/** With all rows left out, whose number takes most room. */
const frameOf = (section: Section): number => render(section, []).length

function rowsWithin({ rows }: Section, limit: number): ReadonlySet<Row> {
  const kept = new Set<Row>()
  let left = limit
  for (const row of byRank(rows)) {
    left -= row.text.length
    if (left < 0) break
    kept.add(row)
  }
  return kept
}

function render({ before, after, rows, omission }: Section, kept: Iterable<Row>): string {
  const stays = new Set(kept)
  const omitted = rows.length - stays.size
  const texts = rows.filter((row) => stays.has(row)).map(({ text }) => text)
  return [before, ...texts, omitted > 0 ? omission(omitted) : '', after].join('')
}
