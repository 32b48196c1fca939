import { ObjectError } from '../../model/errors.ts'
import type { DebugInfo } from '../../model/program-spec.ts'
import type { SourcePlace } from '../../model/verifier.ts'
import { BtfTypes } from '../btf/btf-types.ts'
import { type ByteOrder, Cursor } from '../cursor.ts'

/** An instruction of a program, and what was compiled with it. */
export interface PlaceQuestion {
  readonly debug: DebugInfo
  readonly byteOrder: ByteOrder
  /** Index of an 8-byte slot. */
  readonly instruction: number
}

/** Where an instruction comes from, by the object's BTF and line information; undefined where they do not tell. */
export function sourcePlace(btf: Uint8Array, question: PlaceQuestion): SourcePlace | undefined {
  try {
    return find(btf, question)
  } catch (error) {
    // What is damaged in them is no news when a program has been refused.
    if (error instanceof ObjectError) return undefined
    throw error
  }
}

function find(btf: Uint8Array, { debug, byteOrder, instruction }: PlaceQuestion): SourcePlace | undefined {
  const cursor = (bytes: Uint8Array): Cursor => new Cursor(bytes, { byteOrder, object: 'BTF' })
  const record = lastBefore(cursor(debug.lines), debug.lineSize, instruction)
  if (!record) return undefined
  const types = new BtfTypes(cursor(btf))
  const fn = lastBefore(cursor(debug.functions), debug.functionSize, instruction)
  const type = fn && types.get(fn.u32(4))
  // Ten bits of column below the line: BPF_LINE_INFO_LINE_NUM.
  const place = record.u32(12)
  return {
    ...(type && 'name' in type && { function: type.name }),
    // clang writes the path as it was given to it.
    file: types.text(record.u32(4)).replace(/^\.\//, ''),
    line: place >>> 10,
    column: place & 0x3ff,
    text: types.text(record.u32(8)).trim(),
  }
}

/** The last record at or before an instruction; the records stand in the order of theirs. */
function lastBefore(records: Cursor, size: number, instruction: number): Cursor | undefined {
  let found: Cursor | undefined
  for (let at = 0; at + size <= records.size && records.u32(at) <= instruction; at += size) {
    found = records.within(at, size)
  }
  return found
}
