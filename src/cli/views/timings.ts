import type { Milliseconds } from '../../util/measure.ts'
import type { Paint } from '../terminal.ts'
import { renderTable } from './table.ts'
import { milliseconds } from './text.ts'

/** A part of a command's work. */
export interface TimedPart {
  readonly name: string
  readonly ms: Milliseconds
}

/** Where the time of a command went. Milliseconds. */
export interface TimingsView {
  /** In the order in which they began; none lies within another. */
  readonly parts: readonly TimedPart[]
  /** Loads of programs, which lie within parts and may overlap. */
  readonly programs: readonly TimedPart[]
  /** Since the process began. */
  readonly total: Milliseconds
}

/** A table of the parts, and of the programs from the slowest on; ends in a line break. */
export function renderTimings(view: TimingsView, paint: Paint): string {
  const { total } = view
  const rows = [...view.parts, { name: 'other', ms: otherOf(view) }, { name: 'all', ms: total }]
  const slowest = view.programs.toSorted((a, b) => b.ms - a.ms)
  const shown = slowest.slice(0, most)
  const programs = shown.map(({ name, ms }) => ({ name: `load ${name}`, ms }))
  const more = slowest.length > most ? [`  and ${slowest.length - most} programs that took less`] : []
  const columns = [{ title: 'timings' }, { title: '', align: 'right' as const }]
  const lines = renderTable(
    columns,
    [...rows, ...programs].map(({ name, ms }) => [`  ${name}`, milliseconds(ms)]),
  )
  return [paint('bold', lines[0] ?? ''), ...lines.slice(1), ...more].map((line) => `${line}\n`).join('')
}

const most = 10

/** What nobody measured: V8, printing, what lies between the parts. */
const otherOf = ({ parts, total }: TimingsView): number =>
  Math.max(0, total - parts.reduce((sum, { ms }) => sum + ms, 0))

/** Where the time of a command went; with --timings it comes last. Milliseconds. */
export interface TimingsDocument extends TimingsView {
  readonly type: 'timings'
  readonly version: 1
}

/** The same as a document. */
export const timingsDocument = (view: TimingsView): TimingsDocument => ({
  type: 'timings',
  version: 1,
  parts: [...view.parts, { name: 'other', ms: otherOf(view) }],
  programs: view.programs,
  total: view.total,
})
