import { btfSection } from '../../btf/btf-section.ts'
import { indexBtf } from '../../btf/index-btf.ts'
import type { BtfFile, Machine } from '../../model/machine.ts'
import { KernelTypes } from './kernel-types.ts'

/** The types of a kernel and its modules, each read when it is first asked for. Throws an ObjectError for damaged BTF. */
export class KernelBtf {
  readonly #machine: Machine
  #vmlinux: KernelTypes | 'none' | undefined
  readonly #modules = new Map<string, KernelTypes | undefined>()

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** Undefined for a kernel without BTF. */
  get vmlinux(): KernelTypes | undefined {
    this.#vmlinux ??= this.#readVmlinux() ?? 'none'
    return this.#vmlinux === 'none' ? undefined : this.#vmlinux
  }

  /** The modules that have BTF, one after another: whoever stops early spares the others. */
  *modules(): Generator<KernelTypes, void> {
    for (const name of this.#machine.moduleNames()) {
      const types = this.module(name)
      if (types) yield types
    }
  }

  /** A module's types, on top of vmlinux; undefined where it has no BTF. */
  module(name: string): KernelTypes | undefined {
    if (!this.#modules.has(name)) this.#modules.set(name, this.#readModule(name))
    return this.#modules.get(name)
  }

  #readVmlinux(): KernelTypes | undefined {
    const bytes = this.#machine.vmlinuxBtf()
    return bytes && new KernelTypes(indexBtf(bytes, { name: 'vmlinux' }))
  }

  #readModule(name: string): KernelTypes | undefined {
    const { vmlinux } = this
    const bytes = vmlinux && this.#machine.moduleBtf(name)
    return bytes && new KernelTypes(indexBtf(bytes, { name, base: vmlinux.index }), vmlinux)
  }
}

/** The types of a file with BTF that stands in for the kernel's own. Throws an ObjectError (O060). */
export const readBtfFile = ({ name, bytes }: BtfFile): KernelTypes =>
  new KernelTypes(indexBtf(btfSection(bytes, name), { name }))
