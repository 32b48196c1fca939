import type { Fd, Kernel, ObjectKind } from '../kernel/kernel.ts'
import { KernelError } from '../model/errors.ts'

/** Opens an object by its id; undefined when it has gone meanwhile. */
export function openOrGone<K extends ObjectKind>(kernel: Kernel, kind: K, id: number): Fd<K> | undefined {
  try {
    return kernel.openById(kind, id)
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'ENOENT') return undefined
    throw error
  }
}
