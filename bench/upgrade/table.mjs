/** The rows as a table for people. */
export function renderRows(rows) {
  const lines = rows.map((row) => columns.map(({ text }) => text(row)))
  const table = [columns.map(({ title }) => title), ...lines]
  const widths = columns.map((_, at) => Math.max(...table.map((line) => line[at].length)))
  return table
    .map((line) =>
      line
        .map((cell, at) => pad(cell, widths[at], at))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const pad = (cell, width, at) => (at === 0 || at === columns.length - 1 ? cell.padEnd(width) : cell.padStart(width))

const both = ({ hooks }, count) => Object.values(hooks).map(count).join(' + ')

const columns = [
  { title: 'order', text: (row) => row.name },
  { title: 'upgrades', text: (row) => String(row.upgrades) },
  { title: 'packets', text: (row) => row.sent.toLocaleString('en') },
  { title: 'a second', text: (row) => Math.round(row.sent / row.seconds).toLocaleString('en') },
  { title: 'missed (xdp + tcx)', text: (row) => both(row, ({ missed }) => missed) },
  { title: 'mixed (xdp + tcx)', text: (row) => both(row, ({ mixed }) => mixed) },
  { title: 'lost', text: (row) => String(row.lost) },
  { title: '', text: (row) => (row.asExpected ? 'as expected' : 'NOT as expected') },
]
