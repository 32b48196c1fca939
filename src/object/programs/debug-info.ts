import type { DebugInfo } from '../../model/program-spec.ts'
import type { ExtInfo, InfoTable } from '../btf/ext-info.ts'
import type { ByteOrder } from '../cursor.ts'
import type { ObjectFunction } from './functions.ts'

/** A function's place in flattened code, in slots. */
export type Places = ReadonlyMap<ObjectFunction, number>

/**
 * func_info and line_info for flattened code, in the order of its functions. Undefined where a function has none: the kernel
 * wants one for each, or none at all. Without a line at the start of every function there are no lines.
 */
export function debugInfoOf(ext: ExtInfo, places: Places, byteOrder: ByteOrder): DebugInfo | undefined {
  const functions = collect(ext.functions, places, byteOrder)
  if (functions.length !== places.size || functions.some(({ first }) => !first)) return undefined
  const lines = collect(ext.lines, places, byteOrder)
  const complete = lines.filter(({ first }) => first).length === places.size
  return {
    functions: join(functions),
    functionSize: ext.functions.recordSize,
    lines: complete ? join(lines) : new Uint8Array(),
    lineSize: ext.lines.recordSize,
  }
}

interface Record {
  /** It is about the first instruction of its function. */
  readonly first: boolean
  readonly bytes: Uint8Array
}

function collect(table: InfoTable, places: Places, byteOrder: ByteOrder): readonly Record[] {
  return [...places].flatMap(([fn, start]) =>
    recordsOf(table, fn).map(({ offset, bytes }) => {
      const moved = bytes.slice()
      const slot = start + (offset - fn.offset) / 8
      new DataView(moved.buffer).setUint32(0, slot, byteOrder === 'little')
      return { first: offset === fn.offset, bytes: moved }
    }),
  )
}

/** Offsets count bytes from the start of the section, in ascending order. */
function recordsOf(
  { sections, recordSize }: InfoTable,
  fn: ObjectFunction,
): readonly { offset: number; bytes: Uint8Array }[] {
  const records = sections.get(fn.section.name)
  if (!records) return []
  const found: { offset: number; bytes: Uint8Array }[] = []
  records.offsets.forEach((offset, index) => {
    if (offset < fn.offset || offset >= fn.offset + fn.size) return
    found.push({ offset, bytes: records.bytes.subarray(index * recordSize, (index + 1) * recordSize) })
  })
  return found
}

function join(records: readonly Record[]): Uint8Array {
  return new Uint8Array(Buffer.concat(records.map(({ bytes }) => bytes)))
}
