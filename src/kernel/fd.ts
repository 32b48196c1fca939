import { loadAddon } from './addon.ts'
import type { Fd, FdKind } from './kernel.ts'

/** Counts the descriptors of one kernel and closes what is left. */
export class FdTable {
  readonly #open = new Set<LinuxFd>()
  #grown = false

  /** Takes ownership of a descriptor that the kernel just returned. */
  own<K extends FdKind>(kind: K, number: number): LinuxFd<K> {
    const fd = new LinuxFd(kind, number, this.#open)
    if (this.#open.size >= nearlyFull && !this.#grown) this.#grow()
    return fd
  }

  get size(): number {
    return this.#open.size
  }

  closeAll(): void {
    for (const fd of this.#open) fd[Symbol.dispose]()
  }

  /**
   * In a process with threads each doubling of the descriptor table past 256 waits for an RCU grace period (7 to 23 ms):
   * grow once instead of four times.
   */
  #grow(): void {
    this.#grown = true
    const high = loadAddon().fcntl(0, F_DUPFD_CLOEXEC, expected - 1)
    // EINVAL: the limit of this process is lower, so it cannot stall much either.
    if (high >= 0) loadAddon().close(high)
  }
}

/** A descriptor of this process. */
export class LinuxFd<K extends FdKind = FdKind> implements Fd<K> {
  readonly kind: K
  readonly #number: number
  readonly #open: Set<LinuxFd>

  constructor(kind: K, number: number, open: Set<LinuxFd>) {
    this.kind = kind
    this.#number = number
    this.#open = open
    open.add(this as unknown as LinuxFd)
  }

  /** Throws once it is closed: the number may be somebody else's by then. */
  get number(): number {
    if (!this.#open.has(this as unknown as LinuxFd)) throw new Error(`the descriptor of a ${this.kind} is closed`)
    return this.#number
  }

  [Symbol.dispose](): void {
    // No retry after EINTR: Linux has closed it all the same.
    if (this.#open.delete(this as unknown as LinuxFd)) loadAddon().close(this.#number)
  }
}

const nearlyFull = 200
const expected = 4096
const F_DUPFD_CLOEXEC = 1030
