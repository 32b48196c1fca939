import type { Kernel } from '../kernel/kernel.ts'
import { KernelError, PlanError } from '../model/errors.ts'
import { applyCodes } from './codes.ts'
import { isErrno } from './problem.ts'

/** What to do where the stack is not there yet. */
export interface LockOptions {
  /** Creates the stack's directory (0700) where there is none; otherwise ENOENT. Its parent must exist. */
  readonly create?: boolean
}

/**
 * Locks a stack by its directory (absolute path) until disposed or the process ends. A directory that this call created
 * and that is still empty then is removed again. Throws PlanError P302 when somebody else holds the lock.
 */
export function lockStack(kernel: Kernel, directory: string, options: LockOptions = {}): Disposable {
  const created = options.create === true && makeDirectory(kernel, directory)
  const before = kernel.bpffs.stat(directory)?.inode
  const lock = kernel.bpffs.lock(directory)
  if (!lock) throw held(directory, 'another pinfold process is applying')
  // Removed and made again while we opened it: the lock is on a directory that nobody else sees.
  if (kernel.bpffs.stat(directory)?.inode !== before) {
    lock[Symbol.dispose]()
    throw held(directory, 'the directory was replaced meanwhile')
  }
  return { [Symbol.dispose]: () => unlock(kernel, { directory, created, lock }) }
}

/** True when it was not there before. */
function makeDirectory(kernel: Kernel, directory: string): boolean {
  try {
    kernel.bpffs.makeDirectory(directory)
    return true
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return false
    throw error
  }
}

interface HeldLock {
  readonly directory: string
  readonly created: boolean
  readonly lock: Disposable
}

function unlock(kernel: Kernel, { directory, created, lock }: HeldLock): void {
  using _released = lock
  if (!created) return
  try {
    kernel.bpffs.removeDirectory(directory)
  } catch (error) {
    // Not empty, as after every apply that worked; and an empty directory that stays is no reason to fail.
    if (!(error instanceof KernelError)) throw error
  }
}

const held = (directory: string, why: string): PlanError =>
  new PlanError(`cannot lock ${directory.slice(directory.lastIndexOf('/') + 1)}: ${why}`, {
    code: applyCodes.locked.code,
    hint: 'wait for it; the lock ends with that process, whatever happens to it',
  })
