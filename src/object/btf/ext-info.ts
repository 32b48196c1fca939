import type { Cursor } from '../cursor.ts'
import type { BtfTypes } from './btf-types.ts'

/** The records of one kind, by the name of the section that they are about. */
export interface InfoTable {
  /** Bytes of one record. */
  readonly recordSize: number
  readonly sections: ReadonlyMap<string, Records>
}

export interface Records {
  /** Byte offset within the section that each record is about. */
  readonly offsets: readonly number[]
  /** All records, one after another. */
  readonly bytes: Uint8Array
}

/** `.BTF.ext`: function and line information, and the CO-RE relocations. */
export interface ExtInfo {
  readonly functions: InfoTable
  readonly lines: InfoTable
  readonly relocations: InfoTable
}

/** Reads `.BTF.ext`; record sizes are the file's own. Throws an ObjectError (O011). */
export function readExtInfo(ext: Cursor, types: BtfTypes): ExtInfo {
  if (ext.u16(0) !== 0xeb9f || ext.u8(2) !== 1) ext.fail('O011', 'the header of .BTF.ext is wrong')
  const header = ext.u32(4)
  if (header < 24) ext.fail('O011', `a header of ${header} bytes is too short`, 4)
  const table = (at: number, shortest: number): InfoTable =>
    readTable(ext.within(header + ext.u32(at), ext.u32(at + 4)), types, shortest)
  return { functions: table(8, 8), lines: table(16, 16), relocations: header < 32 ? emptyTable : table(24, 16) }
}

const emptyTable: InfoTable = { recordSize: 0, sections: new Map() }

function readTable(table: Cursor, types: BtfTypes, shortest: number): InfoTable {
  if (table.size === 0) return emptyTable
  const recordSize = table.u32(0)
  if (recordSize < shortest || recordSize % 4 !== 0 || recordSize > 256)
    table.fail('O011', `records of ${recordSize} bytes are unknown`)
  const sections = new Map<string, Records>()
  for (let at = 4; at < table.size; ) {
    const name = types.text(table.u32(at))
    const count = table.u32(at + 4)
    const bytes = table.slice(at + 8, count * recordSize)
    const start = at + 8
    sections.set(name, { bytes, offsets: Array.from({ length: count }, (_, i) => table.u32(start + i * recordSize)) })
    at += 8 + bytes.length
  }
  return { recordSize, sections }
}
