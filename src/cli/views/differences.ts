import type {
  CodeDifference,
  Difference,
  DifferencePart,
  Hunk,
  ValueDifference,
  ValuesDifference,
} from '../../index.ts'
import type { Paint, Style } from '../terminal.ts'
import { counted, grouped, printable } from './text.ts'

/** What differs in detail, in the marks of a unified diff; without a final line break. */
export function renderDifferences(differences: readonly Difference[], paint: Paint): string {
  if (differences.length === 0) return 'Nothing that exists differs in detail.'
  const painted = (lines: readonly string[]): string => lines.map((line) => paintLine(line, paint)).join('\n')
  return differenceBlocks(differences)
    .map(({ lines, begins }, index) => `${begins && index > 0 ? '\n' : ''}${painted(lines)}`)
    .join('\n')
}

/** Lines that belong together: a hunk, a value before and after. */
export interface DifferenceBlock {
  /** The first one of a part: begins with its title. */
  readonly begins: boolean
  readonly lines: readonly string[]
}

/** All differences in the order of the plan, as lines in the marks of a unified diff; names and source come from objects. */
export const differenceBlocks = (differences: readonly Difference[]): readonly DifferenceBlock[] =>
  differences
    .flatMap(({ address, parts }) => parts.flatMap((part) => blocksOf(address, part)))
    .map(({ begins, lines }) => ({ begins, lines: lines.map(printable) }))

function blocksOf(address: string, part: DifferencePart): DifferenceBlock[] {
  const items = part.kind === 'code' ? part.hunks.map(hunkLines) : part.values.map((value) => valueLines(part, value))
  const omission = omissionOf(part)
  const [first = [], ...more] = [...items, ...(omission === undefined ? [] : [[omission]])]
  const title = `${address}, ${part.kind === 'code' ? codeTitle(part) : titles[part.kind]}${items.length > 0 ? ':' : ''}`
  return [{ begins: true, lines: [title, ...first] }, ...more.map((lines) => ({ begins: false, lines }))]
}

const titles: Readonly<Record<ValuesDifference['kind'], string>> = {
  attributes: 'attributes',
  entries: 'declared entries',
  variables: 'variables',
  slots: 'slots',
  'inner-maps': 'inner maps',
  members: 'programs by their offset',
}

function codeTitle({ instructions: { before, after }, lines }: CodeDifference): string {
  const size =
    before === after ? counted(after, 'instruction') : `${grouped(before)} -> ${counted(after, 'instruction')}`
  if (!lines) return `${size}, too different to compare line by line`
  return `${size}, ${counted(lines.removed, 'line')} removed, ${grouped(lines.added)} added`
}

function hunkLines({ before, after, function: name, source, lines }: Hunk): string[] {
  const place = [name, source].filter((it) => it !== undefined).join(' at ')
  const range = ({ instruction, count }: Hunk['before']): string => `${instruction},${count}`
  const head = `@@ -${range(before)} +${range(after)} @@ ${place}`.trimEnd()
  return [head, ...lines.map((line) => (line.startsWith(';') ? `  ; ${line.slice(1)}` : `${line[0]} ${line.slice(1)}`))]
}

function valueLines({ kind }: ValuesDifference, { name, before, after }: ValueDifference): string[] {
  const label = kind === 'slots' ? `slot ${name}` : name
  return [
    ...(before === undefined ? [] : [`- ${label}: ${before}`]),
    ...(after === undefined ? [] : [`+ ${label}: ${after}`]),
  ]
}

function omissionOf(part: DifferencePart): string | undefined {
  if (part.omitted === undefined) return undefined
  return `... ${counted(part.omitted, part.kind === 'code' ? 'more hunk' : 'more value')} left out`
}

/** By how a line begins. */
const styles: readonly (readonly [start: string, style: Style])[] = [
  ['+ ', 'green'],
  ['- ', 'red'],
  ['@@ ', 'cyan'],
  ['  ; ', 'dim'],
]

function paintLine(line: string, paint: Paint): string {
  const style = styles.find(([start]) => line.startsWith(start))?.[1]
  if (style !== undefined) return paint(style, line)
  return line.startsWith(' ') || line.startsWith('...') ? line : paint('bold', line)
}
