/** A column of a table: its title, and whether its values are numbers, which stand at the right. */
export interface Column {
  readonly title: string
  readonly align?: 'right'
}

/** Lines of a table, two spaces between columns, titles first; cells that are missing at the end of a row stay empty. */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const all = [columns.map(({ title }) => title), ...rows]
  const widths = columns.map((_, index) => Math.max(...all.map((row) => (row[index] ?? '').length)))
  return all.map((row) =>
    row
      .map((cell, index) => {
        const width = widths[index] ?? 0
        return columns[index]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}
