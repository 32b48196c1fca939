import { kernelError } from '../../src/kernel/errno.ts'
import type { Kernel } from '../../src/kernel/kernel.ts'

/** What Linux may answer to an operation that changes something, beside success. ENOENT and EEXIST only where nobody has to lie. */
const changing: Readonly<Record<string, readonly string[]>> = {
  createMap: ['EPERM', 'EINVAL', 'E2BIG', 'ENOMEM', 'EMFILE'],
  loadProgram: ['EPERM', 'EACCES', 'EINVAL', 'E2BIG', 'ENOMEM', 'ENOSPC', 'EAGAIN', 'EMFILE'],
  loadBtf: ['EPERM', 'EINVAL', 'ENOMEM', 'EMFILE'],
  createLink: ['EPERM', 'EINVAL', 'EBUSY', 'EEXIST', 'ENODEV', 'ENOMEM', 'EMFILE'],
  updateLink: ['EPERM', 'EINVAL', 'EBUSY', 'ENOLINK', 'ENOMEM'],
  update: ['EPERM', 'EINVAL', 'E2BIG', 'EBUSY', 'EEXIST', 'ENOMEM', 'ENOSPC'],
  writeArena: ['EINVAL', 'EEXIST', 'ENOMEM'],
  writeMembers: ['EPERM', 'EINVAL', 'EBUSY'],
  remove: ['EPERM', 'EINVAL', 'EBUSY'],
  freeze: ['EPERM', 'EBUSY'],
  pin: ['EPERM', 'EACCES', 'EEXIST', 'ENOENT', 'ENOMEM', 'ENOSPC'],
  waitForReaders: ['EPERM', 'ENOMEM', 'EMFILE'],
  makeDirectory: ['EPERM', 'EACCES', 'ENOMEM', 'ENOSPC'],
  removeDirectory: ['EPERM', 'EACCES', 'EBUSY', 'ENOTEMPTY'],
  unpin: ['EPERM', 'EACCES', 'EBUSY'],
  link: ['EPERM', 'EEXIST', 'ENOENT', 'EMLINK', 'ENOMEM', 'ENOSPC'],
  rename: ['EPERM', 'EEXIST', 'ENOENT', 'EBUSY', 'ENOMEM'],
  exchange: ['EPERM', 'EINVAL', 'ENOENT', 'EBUSY', 'ENOMEM'],
  replace: ['EPERM', 'ENOENT', 'EBUSY', 'ENOMEM'],
  setOwnership: ['EPERM', 'ENOENT'],
  lock: ['EAGAIN', 'ENOENT', 'EMFILE'],
}

/** The same of one that only reads. The first stands for all, unless everything is tried. */
const reading: Readonly<Record<string, readonly string[]>> = {
  openById: ['ENOMEM', 'EPERM', 'EMFILE'],
  openPin: ['EMFILE', 'EPERM', 'EACCES', 'ENOMEM'],
  describePin: ['EMFILE', 'EPERM', 'EACCES', 'ENOMEM'],
  describe: ['ENOMEM', 'EPERM'],
  idOf: ['ENOMEM'],
  ids: ['EPERM'],
  lookup: ['ENOMEM', 'EPERM'],
  keys: ['ENOMEM', 'EPERM'],
  membersOf: ['ENOMEM', 'EPERM'],
  stat: ['EACCES', 'EPERM', 'ENOMEM'],
  list: ['EMFILE', 'EACCES', 'ENOMEM'],
  mountOf: ['EMFILE', 'EACCES'],
}

/** `npm run crash` tries each read with each errno; `npm test` every third with one. */
export const triesEverything: boolean = process.env['PINFOLD_CRASH'] === 'all'

const representative = Object.fromEntries(Object.entries(reading).map(([name, [first = '']]) => [name, [first]]))

export const errnos: Readonly<Record<string, readonly string[]>> = {
  ...changing,
  ...(triesEverything ? reading : representative),
}

export const isReading = (operation: string): boolean => operation in reading

const asynchronous = new Set(['loadProgram', 'waitForReaders'])

/**
 * A kernel whose operations ask before they run: an errno makes one fail without an effect. Whatever else the kernel does
 * is as ever.
 */
export function failing<K extends Kernel>(kernel: K, ask: (operation: string) => string | undefined): K {
  const wrapped = wrapAll(kernel, ask)
  originals.set(wrapped, kernel)
  return wrapped
}

const originals = new WeakMap<Kernel, Kernel>()

/** The kernel behind one that fails. */
export const withoutFailures = (kernel: Kernel): Kernel => originals.get(kernel) ?? kernel

function wrapAll<K extends Kernel>(kernel: K, ask: (operation: string) => string | undefined): K {
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get(_, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (name === 'bpffs') return wrap(value as object)
        if (typeof value !== 'function' || !(String(name) in errnos)) return value
        return (...of: unknown[]): unknown => {
          const errno = ask(String(name))
          if (errno === undefined) return value.apply(target, of)
          if (name === 'lock' && errno === 'EAGAIN') return undefined
          const error = kernelError({ command: String(name), errno, doing: `${String(name)} (the test says so)` })
          if (asynchronous.has(String(name))) return Promise.reject(error)
          throw error
        }
      },
    })
  return wrap(kernel)
}
