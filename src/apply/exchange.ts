import type { Bpffs } from '../kernel/files.ts'
import { asidePath } from '../model/outer-pin.ts'
import { isErrno } from './problem.ts'

/**
 * Exchanges two paths: in one instant, or where bpffs cannot (EINVAL, before Linux 5.16) by renames, for which nothing is at
 * `b` for a moment; the next apply finishes what a crash between them leaves.
 */
export function exchangePaths(bpffs: Bpffs, a: string, b: string): void {
  try {
    bpffs.exchange(a, b)
  } catch (error) {
    if (!isErrno(error, 'EINVAL')) throw error
    renameInTurn(bpffs, [
      [b, asidePath(b)],
      [a, b],
      [asidePath(b), a],
    ])
  }
}

/** All or none. */
function renameInTurn(bpffs: Bpffs, renames: readonly (readonly [from: string, to: string])[]): void {
  const done: (readonly [string, string])[] = []
  try {
    for (const [from, to] of renames) {
      bpffs.rename(from, to)
      done.unshift([from, to])
    }
  } catch (error) {
    for (const [from, to] of done) bpffs.rename(to, from)
    throw error
  }
}
