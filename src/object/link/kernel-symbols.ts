import type { Machine, SymbolAddress } from '../../model/machine.ts'

/** Addresses of a kernel's symbols; the list, of a hundred thousand names, is read once for many. */
export class KernelSymbols {
  readonly #machine: Machine
  readonly #known = new Map<string, SymbolAddress | undefined>()

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** The address of a symbol, undefined where there is none; `others` are names that will be asked for, too. */
  find(name: string, others: Iterable<string> = []): SymbolAddress | undefined {
    if (!this.#known.has(name)) this.#read(new Set([name, ...others]))
    return this.#known.get(name)
  }

  #read(names: ReadonlySet<string>): void {
    const found = this.#machine.symbolAddresses(names)
    for (const name of names) this.#known.set(name, found.get(name))
  }
}
