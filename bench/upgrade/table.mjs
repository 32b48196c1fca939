const both = ({ hooks }, count) => Object.values(hooks).map(count).join(' + ')

const columns = [
  { title: 'order', width: -17, text: (row) => row.name },
  { title: 'upgrades', width: 8, text: (row) => String(row.upgrades) },
  { title: 'packets', width: 11, text: (row) => row.sent.toLocaleString('en') },
  { title: 'a second', width: 8, text: (row) => Math.round(row.sent / row.seconds).toLocaleString('en') },
  { title: 'missed (xdp + tcx)', width: 19, text: (row) => both(row, ({ missed }) => missed) },
  { title: 'mixed (xdp + tcx)', width: 17, text: (row) => both(row, ({ mixed }) => mixed) },
  { title: 'lost', width: 6, text: (row) => String(row.lost) },
  { title: '', width: -15, text: (row) => (row.asExpected ? 'as expected' : 'NOT as expected') },
]

export const header = lineOf(({ title }) => title)

/** One row of the table for people. */
export const renderRow = (row) => lineOf(({ text }) => text(row))

function lineOf(cell) {
  return columns
    .map((column) => pad(cell(column), column.width))
    .join('  ')
    .trimEnd()
}

function pad(text, width) {
  return width < 0 ? text.padEnd(-width) : text.padStart(width)
}
