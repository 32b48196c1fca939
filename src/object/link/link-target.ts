import type { BtfFile, Machine } from '../../model/machine.ts'
import type { CoreRelocation } from '../../model/program-spec.ts'
import { type Resolution, resolveRelocations } from '../core/resolve-relocations.ts'
import { KernelBtf, readBtfFile } from '../kernel-btf/kernel-btf.ts'
import type { KernelTypes } from '../kernel-btf/kernel-types.ts'
import type { ObjectFile } from '../object-file.ts'
import { KernelSymbols } from './kernel-symbols.ts'

type Resolutions = ReadonlyMap<CoreRelocation, Resolution>

/** What programs are linked to; made once for all programs of a reading. */
export class LinkTarget {
  readonly machine: Machine | undefined
  /** BTF of the machine and its modules. */
  readonly btf: KernelBtf | undefined
  /** Addresses of the machine's symbols. */
  readonly symbols: KernelSymbols | undefined
  /** What CO-RE takes instead of the machine's BTF. */
  readonly #instead: KernelTypes | undefined
  readonly #resolved = new Map<ObjectFile, Resolutions>()

  /** Throws an ObjectError (O060) for a bad BTF file. */
  constructor(machine: Machine | undefined, file?: BtfFile) {
    this.machine = machine
    this.btf = machine && new KernelBtf(machine)
    this.symbols = machine && new KernelSymbols(machine)
    this.#instead = file && readBtfFile(file)
  }

  /** Nothing is known of the kernel: code stays as compiled. */
  get isUnknown(): boolean {
    return !this.machine && !this.#instead
  }

  /** For messages: `Linux 6.18.5`, or the file whose types are taken. */
  get name(): string {
    return this.#instead?.name ?? `Linux ${this.machine?.release}`
  }

  /** What becomes of an object's CO-RE relocations; undefined where the kernel does not describe its types. */
  resolve(object: ObjectFile): Resolutions | undefined {
    const known = this.#resolved.get(object)
    const types = this.#instead ?? this.btf?.vmlinux
    if (known || !types || !object.btf) return known
    // As in libbpf: whoever gives other types means those of the modules, too.
    const modules = (): Iterable<KernelTypes> => (this.#instead ? [] : (this.btf?.modules() ?? []))
    const { relocations, byteOrder, btf } = object
    const found = resolveRelocations({ relocations, byteOrder, types: btf.types }, { main: types, modules })
    this.#resolved.set(object, found)
    return found
  }
}
