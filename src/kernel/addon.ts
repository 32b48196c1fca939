import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { KernelError } from '../model/errors.ts'

/** What `native/` exports. Every function returns the result of its system call or -errno, and never throws for an errno. */
export interface Addon {
  /** `pointers` is a flat list [offset, bytes, ...]: the address of `bytes` is written into attr at `offset`. */
  bpf(command: number, attr: Uint8Array, pointers?: Pointers): number
  /**
   * Lists the `directories` and puts for each name a copy of `slot` into `memory`: two attrs in a row, of a call
   * that opens a path, and of one that takes its descriptor as first member. Makes both, closes the descriptor and leaves 0 or
   * -errno in its place; -EISDIR for a directory, which is not opened. Behind a directory's names comes an empty one, with what
   * listing it said. Returns the length of `names`, which gets a slash behind each; -ENOBUFS where there is no room.
   *
   * `form`: the size of a slot, command and attr size of the first and of the second call, where the path's address goes, and
   * twice where an address goes and to what offset in the slot it leads; 32 bits each.
   */
  bpfEach(...each: Each): number
  /** The same on the thread pool. */
  bpfEach(...each: [...Each, later: true]): Promise<number>
  /** `bpf` on the thread pool; keeps the buffers alive until it is done. */
  bpfAsync(command: number, attr: Uint8Array, pointers?: Pointers): Promise<number>
  /** Only fills in the addresses, for structures that another one points to. */
  point(bytes: Uint8Array, pointers: Pointers): number
  close(fd: number): number
  fcntl(fd: number, command: number, argument: number): number
  flock(fd: number, operation: number): number
  renameat2(from: string, to: string, flags: number): number
  mount(source: string, target: string, type: string, flags: number, data: string): number
  /** mmap(2) to read and write, `bytes` copied to `offset` in it (they must fit), munmap(2); the address that it had. */
  writeMapped(address: number, size: number, flags: number, fd: number, bytes: Uint8Array, offset: number): number
  perfEventOpen(attr: Uint8Array, pid: number, cpu: number, group: number, flags: number): number
  membarrier(command: number, flags: number): number
  /** Sends one rtnetlink request; the length of the whole answer in `reply`, ENOBUFS where it has no room for it. */
  netlink(request: Uint8Array, reply: Uint8Array): number
}

export type Each = [
  form: Uint8Array,
  slot: Uint8Array,
  memory: Uint8Array,
  names: Uint8Array,
  directories: readonly string[],
]

export type Pointers = readonly (number | Uint8Array)[]

let loaded: Addon | undefined

/** Loads the addon once. Throws a KernelError (K104) where it was not built. */
export function loadAddon(): Addon {
  loaded ??= requireAddon()
  return loaded
}

function requireAddon(): Addon {
  try {
    const require = createRequire(import.meta.url)
    // Sources and dist both lie two directories below the package.
    const root = fileURLToPath(new URL('../..', import.meta.url))
    // What was built here needs nobody who looks for it, which takes 2 ms.
    const built = `${root}build/Release/pinfold.node`
    return existsSync(built) ? require(built) : require('node-gyp-build')(root)
  } catch (cause) {
    throw new KernelError('cannot open the kernel: the native addon is not built for this machine', {
      code: 'K104',
      command: 'dlopen',
      errno: 'ENOENT',
      hint: 'run scripts/build-native (it needs a C++17 compiler, make and python3), or use --kernel memory',
      cause,
    })
  }
}
