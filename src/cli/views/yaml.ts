import type { Value } from '../../index.ts'

/** A key of a YAML mapping, with what is in it and what is said about it. */
export interface YamlRow {
  readonly key: string
  /** YAML on one line (`flow` makes some); absent: nothing, or `rows`. */
  readonly value?: string
  readonly rows?: readonly YamlRow[]
  /** Behind it on its line. */
  readonly comment?: string | undefined
  /** Lines of comment above it. */
  readonly above?: readonly string[]
  /** It and all in it is a comment, to be taken in by the reader. */
  readonly off?: boolean
}

/** Rows of a mapping as YAML, each line with its break; `depth` counts steps of two spaces. */
export const renderYaml = (rows: readonly YamlRow[], depth = 0): string =>
  rows
    .flatMap((row) => linesOf(row, { depth, off: undefined }))
    .map((line) => `${line}\n`)
    .join('')

interface Place {
  readonly depth: number
  /** The depth at which a comment began that this is in. */
  readonly off: number | undefined
}

function linesOf(row: YamlRow, place: Place): string[] {
  const inside = row.off && place.off === undefined ? { ...place, off: place.depth } : place
  const value = row.value === undefined ? '' : ` ${row.value}`
  const comment = row.comment === undefined ? '' : ` # ${row.comment}`
  const start = indent(inside)
  return [
    ...(row.above ?? []).map((line) => `${indent(place)}${place.off === undefined ? '# ' : ''}${line}`),
    `${start}${scalar(row.key)}:${value}${comment}`,
    ...(row.rows ?? []).flatMap((each) => linesOf(each, { ...inside, depth: inside.depth + 1 })),
  ]
}

const step = '  '

const indent = ({ depth, off }: Place): string =>
  off === undefined ? step.repeat(depth) : `${step.repeat(off)}# ${step.repeat(depth - off)}`

/** A value on one line: `{ low: 1, name: "a b" }`. */
export function flow(value: Value): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint')
    return String(value)
  if (typeof value === 'string') return scalar(value)
  if (isList(value)) return `[${value.map(flow).join(', ')}]`
  const pairs = Object.entries(value).map(([key, each]) => `${scalar(key)}: ${flow(each)}`)
  return pairs.length === 0 ? '{}' : `{ ${pairs.join(', ')} }`
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

/** A text as YAML, quoted where it could be taken for anything else. `$` would begin a variable of the manifest. */
function scalar(text: string): string {
  if (/^[1-9][0-9]{0,8}$|^0$/.test(text)) return text
  const isPlain = /^[A-Za-z_/][A-Za-z0-9_./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
  return isPlain ? text : JSON.stringify(text).replaceAll('${', '$${')
}
