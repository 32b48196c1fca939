import type { Value } from '../../model/value.ts'
import type { ByteOrder } from '../cursor.ts'

/** A place to encode to. */
export interface Slot {
  readonly out: Uint8Array
  readonly bitOffset: number
  /** Width of a bit field, 0 for whole bytes. */
  readonly bitSize: number
  readonly byteOrder: ByteOrder
  readonly path: string
  /** Levels below the whole value. */
  readonly depth: number
}

/** Why a value does not fit its type. */
export interface EncodeProblem {
  /** One sentence, without a full stop: what is wrong. */
  readonly detail: string
  readonly hint?: string
  /** Where in the value: `limits.low[2]`; empty for the value itself. */
  readonly path: string
}

/** The keys and positions of a problem's path: `limits`, `low`, 2. */
export const stepsOf = (path: string): readonly (string | number)[] =>
  [...path.matchAll(/\[(\d+)\]|[^.[]+/g)].map(([text, index]) => (index === undefined ? text : Number(index)))

/** Thrown while a value is encoded, and caught where that began: all that does not fit. */
class Misfit extends Error {
  readonly problems: readonly EncodeProblem[]

  constructor(problems: readonly EncodeProblem[]) {
    super(problems[0]?.detail)
    this.problems = problems
  }
}

export type Encoded = { readonly bytes: Uint8Array } | { readonly problems: readonly EncodeProblem[] }

/** Runs what may throw a Misfit. */
export function catchMisfit(encode: () => Uint8Array): Encoded {
  try {
    return { bytes: encode() }
  } catch (error) {
    if (error instanceof Misfit) return { problems: error.problems }
    throw error
  }
}

/** Encodes the parts of a value, those behind one that does not fit, too, and tells all of these. */
export function encodeEach<T>(parts: Iterable<T>, encode: (part: T) => void): void {
  const problems: EncodeProblem[] = []
  for (const part of parts) {
    try {
      encode(part)
    } catch (error) {
      if (!(error instanceof Misfit)) throw error
      problems.push(...error.problems)
      if (problems.length >= mostProblems) break
    }
  }
  if (problems.length > 0) throw new Misfit(problems)
}

/** More of one value help nobody. */
const mostProblems = 10

/** Ends the encoding: the value at this place does not fit. */
export function refuse({ path }: Pick<Slot, 'path'>, detail: string, hint: string = howWritten): never {
  throw new Misfit([{ path, detail, hint }])
}

const howWritten = 'docs/manifest.md says under "entries" how values of each type are written'

/** A value for messages. */
export function showValue(value: Value): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'string' ? `"${value}"` : String(value)
}
