import { loadAddon } from './addon.ts'
import { kernelError } from './errno.ts'
import { kernelBtf } from './loaded-btf.ts'

/** Descriptors of the BTF of kernel modules, closed by `dispose`. Linux 5.11, CAP_SYS_ADMIN. */
export class ModuleBtf implements Disposable {
  /** In the order of the names. */
  readonly fds: readonly number[]
  readonly #opened = new Map<string, number>()

  /** Throws a KernelError: K105 for a module that is not loaded, or has no BTF; EPERM without CAP_SYS_ADMIN. */
  constructor(names: readonly string[]) {
    try {
      if (names.length > 0) this.#open(new Set(names))
      this.fds = names.map((name) => this.#opened.get(name) ?? missing(name))
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    }
  }

  [Symbol.dispose](): void {
    for (const fd of this.#opened.values()) loadAddon().close(fd)
    this.#opened.clear()
  }

  #open(names: ReadonlySet<string>): void {
    for (const { name, fd } of kernelBtf()) {
      if (names.has(name) && !this.#opened.has(name)) this.#opened.set(name, fd)
      else loadAddon().close(fd)
    }
  }
}

function missing(name: string): never {
  throw kernelError({
    command: 'BPF_BTF_GET_FD_BY_ID',
    errno: 'ENOENT',
    doing: `find the BTF of module ${name}`,
    target: name,
    what: `the module ${name} is not loaded, or was built without BTF`,
    code: 'K105',
  })
}
