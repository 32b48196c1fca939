import { closeSync, constants, fstatSync, openSync, statSync } from 'node:fs'
import { once } from '../util/once.ts'
import { loadAddon } from './addon.ts'
import { errnoNumber, kernelError, withErrno } from './errno.ts'

/**
 * Locks a directory for this process by flock; undefined while another holds it. The lock goes with the descriptor: on
 * dispose, or when the process dies. Node opens with O_CLOEXEC, so that no child keeps it.
 */
export function lockDirectory(directory: string): Disposable | undefined {
  // A directory that was removed and made again meanwhile is another lock: take that one.
  for (let attempt = 0; attempt < 10; attempt++) {
    const lock = tryLock(directory)
    if (lock !== 'replaced') return lock
  }
  throw kernelError({ command: 'flock', errno: 'EBUSY', doing: `lock ${directory}`, target: directory })
}

function tryLock(directory: string): Disposable | undefined | 'replaced' {
  const doing = `lock ${directory}`
  const fd = withErrno(doing, directory, () => openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY))
  const close = once(() => closeSync(fd))
  const result = loadAddon().flock(fd, LOCK_EX | LOCK_NB)
  if (result >= 0 && isSame(fd, directory, close)) return { [Symbol.dispose]: close }
  close()
  if (result >= 0) return 'replaced'
  if (result === -errnoNumber('EAGAIN')) return undefined
  throw kernelError({ command: 'flock', errno: -result, doing, target: directory })
}

/** False when the path names another directory, or none, by now; closes the lock where nobody can tell. */
function isSame(fd: number, path: string, close: () => void): boolean {
  try {
    const held = fstatSync(fd)
    const there = statSync(path, { throwIfNoEntry: false })
    return there !== undefined && there.ino === held.ino && there.dev === held.dev
  } catch (error) {
    close()
    throw error
  }
}

const LOCK_EX = 2
const LOCK_NB = 4
