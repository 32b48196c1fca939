import type { DebugInfo, FunctionPlace } from '../../model/program-spec.ts'
import type { SourcePlace } from '../../model/verifier.ts'
import { BtfTypes } from '../btf/btf-types.ts'
import { type ByteOrder, Cursor } from '../cursor.ts'
import { unlessDamaged } from '../unless-damaged.ts'
import { lineOf } from './source-line.ts'

/** An instruction of a program, and what is known of where it comes from. */
export interface PlaceQuestion {
  /** The object's BTF. */
  readonly btf: Uint8Array | undefined
  readonly debug: DebugInfo | undefined
  readonly functions: readonly FunctionPlace[]
  readonly byteOrder: ByteOrder
  /** Index of an 8-byte slot. */
  readonly instruction: number
}

/** Where an instruction comes from, by its place in the code and the line information. */
export function sourcePlace(question: PlaceQuestion): SourcePlace {
  const { functions, instruction } = question
  const name = functions.findLast(({ start }) => start <= instruction)?.name
  const line = lineReader(question)(instruction)
  return { ...(name !== undefined && { function: name }), ...(line && { line }) }
}

/** Says the line of each instruction, as far as the line information tells. */
export function lineReader({
  btf,
  debug,
  byteOrder,
}: Pick<PlaceQuestion, 'btf' | 'debug' | 'byteOrder'>): (instruction: number) => SourcePlace['line'] {
  if (!btf || !debug) return () => undefined
  const types = unlessDamaged(() => new BtfTypes(new Cursor(btf, { byteOrder, object: 'BTF' })))
  // What is damaged in them is no news where a program is refused or compared.
  return (instruction) => types && unlessDamaged(() => lineOf(debug, types, instruction))
}
