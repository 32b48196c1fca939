import type { ByteOrder, Cursor } from '../cursor.ts'
import { type BtfType, decodeType, measureType } from './decode-type.ts'
import { type Resolved, resolveType, sizeOfType, type TypeSource } from './type-source.ts'

const headerSize = 24
const magic = 0xeb9f
const numberSizes: ReadonlySet<number> = new Set([1, 2, 4, 8, 16])

/** Types that some records were changed of, in their places. */
interface Edited {
  readonly from: BtfTypes
  /** Ids of the changed ones: only these are read and checked again. */
  readonly changed: ReadonlySet<number>
}

/**
 * The types of one BTF section, each decoded when it is first asked for. The records' bounds, names and references are
 * checked when it is made (ObjectError O010), so that its methods do not fail later.
 */
export class BtfTypes implements TypeSource {
  readonly pointerSize = 8
  readonly #types: Cursor
  readonly #strings: Cursor
  readonly #offsets: readonly number[]
  readonly #decoded: (BtfType | undefined)[]
  #names: Map<string, number> | undefined

  constructor(btf: Cursor, edited?: Edited) {
    const { types, strings } = openParts(btf)
    this.#types = types
    this.#strings = strings
    this.#offsets = edited ? edited.from.#offsets : indexTypes(types)
    this.#decoded = edited ? edited.from.#decoded.slice() : []
    for (const id of edited?.changed ?? []) this.#decoded[id] = undefined
    const ids = edited ? [...edited.changed] : [...this.#offsets.keys()]
    for (const id of ids) this.#check(id)
    for (const id of ids) this.#checkSize(id)
  }

  get byteOrder(): ByteOrder {
    return this.#types.byteOrder
  }

  /** Ids go from 0 (void) to one less than this. */
  get count(): number {
    return this.#offsets.length
  }

  /** The type with that id; void for an id that does not exist. */
  get(id: number): BtfType {
    const known = this.#decoded[id]
    if (known) return known
    const at = this.#offsets[id]
    const type: BtfType =
      id === 0 || at === undefined ? { kind: 'void' } : decodeType(this.#types, at, (offset) => this.text(offset))
    this.#decoded[id] = type
    return type
  }

  /** Skips typedefs, qualifiers and type tags. */
  resolve(id: number): Resolved {
    return resolveType(this, id) ?? this.#types.fail('O010', `BTF type ${id} is nested too deeply`, this.#offsets[id])
  }

  /** Size in bytes; undefined for what has none (void, functions, forward declarations). */
  sizeOf(id: number): number | undefined {
    const size = sizeOfType(this, id)
    if (size === 'endless') this.#types.fail('O010', `BTF array ${id} is nested too deeply`, this.#offsets[id])
    return size
  }

  /** The id of the first type of that kind and name. */
  find(kind: BtfType['kind'], name: string): number | undefined {
    this.#names ??= this.#index()
    return this.#names.get(`${kind} ${name}`)
  }

  /** A text of the string section. */
  text(offset: number): string {
    return offset === 0 ? '' : this.#strings.text(offset)
  }

  /** Throws an ObjectError that names the place of a type. */
  fail(code: string, what: string, id: number): never {
    return this.#types.fail(code, what, this.#offsets[id])
  }

  /** Byte offset of a type's record within the type part. */
  offsetOf(id: number): number {
    return this.#offsets[id] ?? 0
  }

  /** Offset of a type's name within the strings. */
  nameOffsetOf(id: number): number {
    return this.#types.u32(this.offsetOf(id))
  }

  #index(): Map<string, number> {
    const names = new Map<string, number>()
    for (let id = this.count - 1; id > 0; id--) {
      const type = this.get(id)
      if ('name' in type) names.set(`${type.kind} ${type.name}`, id)
    }
    return names
  }

  #check(id: number): void {
    for (const other of referencesOf(this.get(id))) {
      if (other >= this.count) this.#types.fail('O010', `BTF type ${id} refers to type ${other}`, this.#offsets[id])
    }
  }

  /** Numbers have the sizes that C has, and members lie within their struct. */
  #checkSize(id: number): void {
    this.sizeOf(id)
    const type = this.get(id)
    const isNumber = type.kind === 'int' || type.kind === 'enum'
    if (isNumber && (!numberSizes.has(type.size) || (type.kind === 'int' && type.bits > type.size * 8))) {
      this.#types.fail('O010', `BTF type ${id} is a number of ${type.size} bytes`, this.#offsets[id])
    }
    if (type.kind !== 'struct' && type.kind !== 'union') return
    for (const { type: member, bitOffset, bitSize } of type.members) {
      const { kind } = this.resolve(member).type
      const isNumber = kind === 'int' || kind === 'enum'
      const bits = bitSize || (this.sizeOf(member) ?? 0) * 8
      if (bitOffset + bits <= type.size * 8 && (isNumber || (bitSize === 0 && bitOffset % 8 === 0))) continue
      this.#types.fail('O010', `a member of BTF type ${id} lies outside it`, this.#offsets[id])
    }
  }
}

/** Offset of the type records in the whole BTF: after its header. */
export const typesOffset = (btf: Cursor): number => btf.u32(4) + btf.u32(8)

function openParts(btf: Cursor): { types: Cursor; strings: Cursor } {
  if (btf.size < headerSize) btf.fail('O010', 'the BTF header is incomplete')
  if (btf.u16(0) !== magic) btf.fail('O010', 'BTF starts with wrong bytes')
  if (btf.u8(2) !== 1) btf.fail('O010', `BTF version ${btf.u8(2)} is unknown`, 2)
  const header = btf.u32(4)
  const types = btf.within(header + btf.u32(8), btf.u32(12))
  const strings = btf.within(header + btf.u32(16), btf.u32(20))
  return { types, strings }
}

function indexTypes(types: Cursor): number[] {
  const offsets = [0]
  for (let at = 0; at < types.size; ) {
    offsets.push(at)
    at += measureType(types, at).size
  }
  return offsets
}

function referencesOf(type: BtfType): readonly number[] {
  switch (type.kind) {
    case 'array':
      return [type.element]
    case 'struct':
    case 'union':
      return type.members.map((member) => member.type)
    case 'prototype':
      return [type.returns, ...type.parameters]
    case 'section':
      return type.variables.map((variable) => variable.type)
    case 'function':
      return [type.prototype]
    default:
      return 'to' in type ? [type.to] : []
  }
}
