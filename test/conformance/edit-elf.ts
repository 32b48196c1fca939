import { readElf } from '../../src/object/elf/elf-file.ts'
import type { Section } from '../../src/object/elf/section.ts'
import type { ElfSymbol } from '../../src/object/elf/symbols.ts'

const symbolSize = 24
const relocationSize = 16
const sectionTypes = { symtab: 2, rela: 4, rel: 9 }

/** Changes bytes of an object (little endian) in place, by name: what no compiler can be made to write. */
export class ElfEditor {
  readonly bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes.slice()
    this.#view = new DataView(this.bytes.buffer)
  }

  setMachine(machine: number): void {
    this.#view.setUint16(18, machine, true)
  }

  setFileType(type: number): void {
    this.#view.setUint16(16, type, true)
  }

  /** The type number of every relocation of code. */
  setRelocationTypes(type: number): void {
    for (const { offset, size } of this.#sections(sectionTypes.rel)) {
      for (let at = offset; at < offset + size; at += relocationSize) this.#view.setUint32(at + 8, type, true)
    }
  }

  /** STT_NOTYPE 0, STT_OBJECT 1, STT_FUNC 2; STB_LOCAL 0, STB_GLOBAL 1, STB_WEAK 2. */
  setSymbol(
    name: string,
    { type, binding, size }: { readonly type?: number; readonly binding?: number; readonly size?: number },
  ): void {
    const { at, info } = this.#symbol(name)
    this.bytes[at + 4] = ((binding ?? info >> 4) << 4) | (type ?? info & 15)
    if (size !== undefined) this.#view.setBigUint64(at + 16, BigInt(size), true)
  }

  /** `sh_type` of the sections that hold relocations. */
  makeRela(): void {
    for (const { index } of this.#sections(sectionTypes.rel))
      this.#view.setUint32(this.#header(index) + 4, sectionTypes.rela, true)
  }

  /** Adds to the immediate of the first local call of a section. */
  moveFirstCall(section: string, slots: number): void {
    const { offset, size } = this.#named(section)
    for (let at = offset; at < offset + size; at += 8) {
      if (this.bytes[at] !== 0x85 || (this.bytes[at + 1] ?? 0) >> 4 !== 1) continue
      this.#view.setInt32(at + 4, this.#view.getInt32(at + 4, true) + slots, true)
      return
    }
    throw new Error(`no local call in ${section}`)
  }

  /** Overwrites the last byte of a section. */
  setLastByte(section: string, value: number): void {
    const { offset, size } = this.#named(section)
    this.bytes[offset + size - 1] = value
  }

  /** Another section in the place of one, behind all that is there; the new bytes. */
  replace(section: string, change: (bytes: Uint8Array) => Uint8Array): Uint8Array {
    const { index, offset, size } = this.#named(section)
    const contents = change(this.bytes.slice(offset, offset + size))
    const grown = new Uint8Array(Math.ceil(this.bytes.length / 8) * 8 + contents.length)
    grown.set(this.bytes)
    grown.set(contents, grown.length - contents.length)
    const view = new DataView(grown.buffer)
    view.setBigUint64(this.#header(index) + 24, BigInt(grown.length - contents.length), true)
    view.setBigUint64(this.#header(index) + 32, BigInt(contents.length), true)
    return grown
  }

  #elf() {
    return readElf(this.bytes, 'edited.o')
  }

  #header(index: number): number {
    return Number(this.#view.getBigUint64(40, true)) + index * 64
  }

  #sections(type: number): readonly Section[] {
    return this.#elf().sections.filter((section) => section.type === type && !section.name.includes('.BTF'))
  }

  #named(name: string): Section {
    const section = this.#elf().find(name)
    if (!section) throw new Error(`no section ${name}`)
    return section
  }

  #symbol(name: string): { readonly at: number; readonly info: number } {
    const symbol: ElfSymbol | undefined = this.#elf().symbols.find((one) => one.name === name)
    const [table] = this.#sections(sectionTypes.symtab)
    if (!symbol || !table) throw new Error(`no symbol ${name}`)
    const at = table.offset + symbol.index * symbolSize
    return { at, info: this.bytes[at + 4] ?? 0 }
  }
}

/** `.BTF.ext` whose function and line records are four bytes longer, as a newer compiler might write them. */
export function widenRecords(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const header = view.getUint32(4, true)
  const table = (at: number) =>
    bytes.subarray(header + view.getUint32(at, true)).subarray(0, view.getUint32(at + 4, true))
  const [functions, lines] = [widenTable(table(8)), widenTable(table(16))]
  const result = new Uint8Array(24 + functions.length + lines.length)
  const out = new DataView(result.buffer)
  result.set(bytes.subarray(0, 4))
  // The header of the first version: no CO-RE relocations.
  for (const [at, value] of [
    [4, 24],
    [8, 0],
    [12, functions.length],
    [16, functions.length],
    [20, lines.length],
  ] as const) {
    out.setUint32(at, value, true)
  }
  result.set(functions, 24)
  result.set(lines, 24 + functions.length)
  return result
}

/** A record size, then for each section its name, a count and the records. */
function widenTable(table: Uint8Array): Uint8Array {
  const view = new DataView(table.buffer, table.byteOffset, table.length)
  const size = view.getUint32(0, true)
  const parts: Uint8Array[] = [word(size + 4)]
  for (let at = 4; at < table.length; ) {
    const count = view.getUint32(at + 4, true)
    parts.push(table.subarray(at, at + 8))
    at += 8
    for (let record = 0; record < count; record++, at += size)
      parts.push(table.subarray(at, at + size), new Uint8Array(4))
  }
  return new Uint8Array(Buffer.concat(parts))
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}
