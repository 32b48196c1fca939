import { basename } from 'node:path'
import type { Comparison, Verdict } from './compare.ts'
import type { Compiled } from './compile.ts'
import { type Exception, exceptions } from './exceptions.ts'

/** One line of the table. */
export interface Row {
  readonly object: string
  readonly compiler: string
  readonly options: string
  readonly programs: number
  readonly verdict: Verdict | 'not compiled'
  readonly details: readonly string[]
  readonly exception?: Exception
}

export function rowOf(job: Pick<Compiled, 'source' | 'compiler' | 'options'>, comparison: Comparison): Row {
  const object = basename(job.source).replace(/\.bpf\.[co]$/, '')
  const options = job.options.join(' ')
  const exception = exceptions.find(
    ({ objects, variants = /^/, verdict }) =>
      verdict === comparison.verdict && objects.test(object) && variants.test(`${job.compiler} ${options}`),
  )
  return { object, compiler: job.compiler, options, ...comparison, ...(exception && { exception }) }
}

/** A row of a source that a compiler refused. */
export function refusedRow({ source, compiler, options }: Compiled, refused: string): Row {
  const object = basename(source).replace(/\.bpf\.c$/, '')
  return { object, compiler, options: options.join(' '), programs: 0, verdict: 'not compiled', details: [refused] }
}

/** True for a row that must not be. */
export const isFailure = ({ verdict, exception }: Row): boolean =>
  verdict !== 'same' && verdict !== 'both refuse' && verdict !== 'not compiled' && exception === undefined

/** Exceptions that no row needs any more; those for what is not built yet go when it is, which the table says. */
export const staleExceptions = (rows: readonly Row[]): readonly Exception[] =>
  exceptions.filter((exception) => exception.until === undefined && !rows.some((row) => row.exception === exception))

/** The whole table as text: rows of one object and verdict as one line, and below it what was said. */
export function renderTable(rows: readonly Row[]): string {
  const groups = groupBy(rows, ({ object, verdict, programs }) => `${object}\0${verdict}\0${programs}`)
  const lines = [...groups.values()].flatMap((group) => renderGroup(group))
  const count = (wanted: string): number => rows.filter(({ verdict }) => verdict === wanted).length
  const verdicts = [...new Set(rows.map(({ verdict }) => verdict))]
  return [...lines, '', verdicts.map((verdict) => `${count(verdict)} ${verdict}`).join(', ')].join('\n')
}

function renderGroup(group: readonly Row[]): readonly string[] {
  const [first] = group
  if (!first) return []
  const { object, programs, verdict, exception, details } = first
  const until = exception?.until === undefined ? '' : `until ${exception.until}`
  const line = `${object.padEnd(30)} ${String(programs).padStart(3)}  ${verdict.padEnd(18)} ${until.padEnd(16)} ${variantsOf(group)}`
  const notes = verdict === 'same' ? [] : details.slice(0, 12).map((detail) => `    ${detail.slice(0, 400)}`)
  return [line.trimEnd(), ...notes, ...(exception ? [`    because: ${exception.reason}`] : [])]
}

/** `clang-16 -O1 -g, -O2 -g; clang-19 -O2 -g`. */
const variantsOf = (group: readonly Row[]): string =>
  [...groupBy(group, ({ compiler }) => compiler)]
    .map(([compiler, rows]) => `${compiler} ${rows.map(({ options }) => options).join(', ')}`)
    .join('; ')

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
