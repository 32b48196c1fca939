import { ObjectError } from '../../model/errors.ts'
import type { DebugInfo, FunctionPlace } from '../../model/program-spec.ts'
import type { SourcePlace } from '../../model/verifier.ts'
import { BtfTypes } from '../btf/btf-types.ts'
import { type ByteOrder, Cursor } from '../cursor.ts'
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
  const line = readLine(question)
  return { ...(name !== undefined && { function: name }), ...(line && { line }) }
}

function readLine({ btf, debug, byteOrder, instruction }: PlaceQuestion): SourcePlace['line'] {
  if (!btf || !debug) return undefined
  try {
    const types = new BtfTypes(new Cursor(btf, { byteOrder, object: 'BTF' }))
    return lineOf(debug, types, instruction)
  } catch (error) {
    // What is damaged in them is no news when a program has been refused.
    if (error instanceof ObjectError) return undefined
    throw error
  }
}
