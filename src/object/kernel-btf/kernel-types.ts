import { type BtfIndex, badBtf } from '../../btf/btf-index.ts'
import { type BtfType, decodeType, kindNumbers } from '../btf/decode-type.ts'
import { type Resolved, resolveType, sizeOfType, type TypeSource } from '../btf/type-source.ts'
import { Cursor } from '../cursor.ts'

/** The types of a kernel or of one of its modules, each decoded when it is first asked for. */
export class KernelTypes implements TypeSource {
  /** `vmlinux`, a module, or a file. */
  readonly name: string
  readonly count: number
  /** Id of the first type of its own: a module's types go on where vmlinux ends. */
  readonly firstId: number
  /** Its bytes, as far as they are not decoded. */
  readonly index: BtfIndex
  readonly #base: KernelTypes | undefined
  readonly #records: Cursor
  readonly #decoded = new Map<number, BtfType>()
  #pointerSize: number | undefined

  constructor(index: BtfIndex, base?: KernelTypes) {
    this.name = index.name
    this.count = index.count
    this.firstId = index.firstId
    this.index = index
    this.#base = base
    const { buffer, byteOffset, byteLength } = index.records
    const bytes = new Uint8Array(buffer, byteOffset, byteLength)
    this.#records = new Cursor(bytes, { byteOrder: index.byteOrder, object: `the BTF of ${index.name}` })
  }

  get(id: number): BtfType {
    if (this.#base && id < this.firstId) return this.#base.get(id)
    if (id < this.firstId || id >= this.count) return { kind: 'void' }
    const known = this.#decoded.get(id)
    if (known) return known
    const type = decodeType(this.#records, this.index.offsetOf(id), (offset) => this.index.text(offset))
    this.#decoded.set(id, type)
    return type
  }

  resolve(id: number): Resolved {
    const resolved = resolveType(this, id)
    if (!resolved) throw badBtf(this.name, `type ${id} is nested too deeply`)
    return resolved
  }

  sizeOf(id: number): number | undefined {
    const size = sizeOfType(this, id)
    if (size === 'endless') throw badBtf(this.name, `array ${id} is nested too deeply`)
    return size
  }

  /** Ids of its own types (a module's without vmlinux's) of that kind and name, ascending. */
  find(kind: BtfType['kind'], name: string): readonly number[] {
    return kindNumbers(kind).flatMap((number) => this.index.find(number, name))
  }

  /** The same where names that differ in their flavours (`___x`) only count as one. */
  sameEssence(kind: BtfType['kind'], name: string): readonly number[] {
    return kindNumbers(kind).flatMap((number) => this.index.sameEssence(number, name))
  }

  /** That of `long` in there; 8 where there is none. */
  get pointerSize(): number {
    if (this.#base) return this.#base.pointerSize
    this.#pointerSize ??= this.#sizeOfLong()
    return this.#pointerSize
  }

  /** In a kernel's BTF `long` is one of the first types. */
  #sizeOfLong(): number {
    for (let id = this.firstId; id < this.count; id++) {
      const type = this.index.kindOf(id) === intKind ? this.get(id) : undefined
      if (type?.kind === 'int' && longs.has(type.name)) return this.sizeOf(id) === 4 ? 4 : 8
    }
    return 8
  }
}

const [intKind] = kindNumbers('int')
const longs: ReadonlySet<string> = new Set([
  'long',
  'long int',
  'int long',
  'unsigned long',
  'long unsigned',
  'unsigned long int',
  'long unsigned int',
])
