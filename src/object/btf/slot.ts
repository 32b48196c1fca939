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

/** Thrown while a value is encoded, and caught where that began. */
class Misfit extends Error {
  readonly problem: EncodeProblem

  constructor(problem: EncodeProblem) {
    super(problem.detail)
    this.problem = problem
  }
}

export type Encoded = { readonly bytes: Uint8Array } | { readonly problem: EncodeProblem }

/** Runs what may throw a Misfit. */
export function catchMisfit(encode: () => Uint8Array): Encoded {
  try {
    return { bytes: encode() }
  } catch (error) {
    if (error instanceof Misfit) return { problem: error.problem }
    throw error
  }
}

/** Ends the encoding: the value at this place does not fit. */
export function refuse({ path }: Pick<Slot, 'path'>, detail: string, hint: string = howWritten): never {
  throw new Misfit({ path, detail, hint })
}

const howWritten = 'docs/manifest.md says under "entries" how values of each type are written'

/** A value for messages. */
export function showValue(value: Value): string {
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'string' ? `"${value}"` : String(value)
}
