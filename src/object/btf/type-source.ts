import type { BtfType } from './decode-type.ts'

/** Types by id, of an object or of a kernel. Its methods throw an ObjectError for a kernel's damaged BTF. */
export interface TypeSource {
  /** Ids go from 0 (void) to one less than this. */
  readonly count: number
  /** Bytes of a pointer in the memory that the types describe. */
  readonly pointerSize: number
  /** The type with that id; void for an id that does not exist. */
  get(id: number): BtfType
  /** Skips typedefs, qualifiers and type tags. */
  resolve(id: number): Resolved
  /** Size in bytes; undefined for what has none (void, functions, forward declarations). */
  sizeOf(id: number): number | undefined
}

/** A type and its id, past typedefs and qualifiers. */
export interface Resolved {
  readonly id: number
  readonly type: BtfType
}

/** Typedefs and qualifiers, or arrays of arrays, in a row; the kernel allows 32. */
export const longestChain = 64

/** What `resolve` skips. */
export const modifiers: ReadonlySet<string> = new Set(['typedef', 'volatile', 'const', 'restrict', 'type-tag'])

/** What `resolve` says; undefined for a type that is nested without end. */
export function resolveType(source: Pick<TypeSource, 'get'>, id: number): Resolved | undefined {
  let at = id
  for (let steps = 0; steps <= longestChain; steps++) {
    const type = source.get(at)
    if (!modifiers.has(type.kind) || !('to' in type)) return { id: at, type }
    at = type.to
  }
  return undefined
}

/** What `sizeOf` says; `endless` for arrays that are nested without end. */
export function sizeOfType(
  source: Pick<TypeSource, 'resolve' | 'pointerSize'>,
  id: number,
): number | undefined | 'endless' {
  let factor = 1
  let at = id
  for (let steps = 0; steps <= longestChain; steps++) {
    const { type } = source.resolve(at)
    if (type.kind === 'pointer') return factor * source.pointerSize
    if (type.kind !== 'array') return 'size' in type ? factor * type.size : undefined
    factor *= type.length
    at = type.element
  }
  return 'endless'
}
