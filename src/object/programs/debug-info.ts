import type { DebugInfo } from '../../model/program-spec.ts'
import type { ExtInfo, InfoTable, Records } from '../btf/ext-info.ts'
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
  if (functions.count !== places.size || functions.begun !== places.size) return undefined
  const lines = collect(ext.lines, places, byteOrder)
  return {
    functions: functions.bytes,
    functionSize: ext.functions.recordSize,
    lines: lines.begun === places.size ? lines.bytes : new Uint8Array(),
    lineSize: ext.lines.recordSize,
  }
}

interface Collected {
  /** Records with the offsets of the flattened code. */
  readonly bytes: Uint8Array
  readonly count: number
  /** Records that are about the first instruction of a function. */
  readonly begun: number
}

function collect(table: InfoTable, places: Places, byteOrder: ByteOrder): Collected {
  const { recordSize } = table
  const runs = [...places].map(([fn, start]) => ({ fn, start, ...recordsOf(table, fn) }))
  const count = runs.reduce((sum, { first, end }) => sum + end - first, 0)
  const bytes = new Uint8Array(count * recordSize)
  const view = new DataView(bytes.buffer)
  let [at, begun] = [0, 0]
  for (const { fn, start, records, first, end } of runs) {
    if (!records) continue
    bytes.set(records.bytes.subarray(first * recordSize, end * recordSize), at)
    for (let index = first; index < end; index++, at += recordSize) {
      const offset = (records.offsets[index] ?? 0) - fn.offset
      if (offset === 0) begun++
      view.setUint32(at, start + offset / 8, byteOrder === 'little')
    }
  }
  return { bytes, count, begun }
}

interface Run {
  readonly records: Records | undefined
  /** Index of the first record about the function, and that of the first one behind it. */
  readonly first: number
  readonly end: number
}

function recordsOf({ sections }: InfoTable, fn: ObjectFunction): Run {
  const records = sections.get(fn.section.name)
  if (!records) return { records, first: 0, end: 0 }
  const first = lowerBound(records.offsets, fn.offset)
  const end = lowerBound(records.offsets, fn.offset + fn.size)
  return { records, first, end }
}

/** Offsets count bytes from the start of the section, in ascending order: the index of the first that is not smaller. */
function lowerBound(offsets: readonly number[], wanted: number): number {
  let [low, high] = [0, offsets.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((offsets[middle] ?? 0) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
