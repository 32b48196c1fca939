import { badBtf } from './btf-index.ts'

const sectionName = '.BTF'

/** Where the fields stand in the headers of ELF files of 32 and 64 bits. */
const layouts = {
  1: { table: 32, width: 4, entrySize: 46, count: 48, names: 50, header: { offset: 16, size: 20 } },
  2: { table: 40, width: 8, entrySize: 58, count: 60, names: 62, header: { offset: 24, size: 32 } },
} as const

/**
 * The BTF in a file: the file itself, or the section .BTF of an ELF file such as vmlinux or a kernel module. Throws an
 * ObjectError (O060) for an ELF file without one.
 */
export function btfSection(bytes: Uint8Array, name: string): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (bytes.length < 64 || view.getUint32(0, false) !== 0x7f454c46) return bytes
  const layout = layouts[view.getUint8(4) as keyof typeof layouts]
  if (!layout) throw badBtf(name, 'it is an ELF file of an unknown kind')
  try {
    const found = findSection(view, layout)
    if (found) return bytes.subarray(found.offset, found.offset + found.size)
  } catch (error) {
    // The view's own check of bounds.
    if (error instanceof RangeError) throw badBtf(name, 'it is a truncated ELF file')
    throw error
  }
  throw badBtf(name, 'it is an ELF file without a section .BTF')
}

interface Range {
  readonly offset: number
  readonly size: number
}

function findSection(view: DataView, layout: (typeof layouts)[keyof typeof layouts]): Range | undefined {
  const little = view.getUint8(5) === 1
  const word = (at: number): number =>
    layout.width === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little))
  const [table, entrySize] = [word(layout.table), view.getUint16(layout.entrySize, little)]
  const range = (index: number): Range => {
    const at = table + index * entrySize
    return { offset: word(at + layout.header.offset), size: word(at + layout.header.size) }
  }
  const names = range(view.getUint16(layout.names, little))
  for (let index = 1; index < view.getUint16(layout.count, little); index++) {
    const name = names.offset + view.getUint32(table + index * entrySize, little)
    if (isName(view, name)) return range(index)
  }
  return undefined
}

const isName = (view: DataView, at: number): boolean =>
  [...`${sectionName}\0`].every((character, index) => view.getUint8(at + index) === character.charCodeAt(0))
