import type { Fd, Kernel, ObjectKind } from '../kernel/kernel.ts'
import { KernelError } from '../model/errors.ts'

/**
 * Opens an object by its id; undefined when it has gone meanwhile, and for a link that another process is just making: its id
 * is reserved before it is attached, and until then the kernel says EAGAIN (bpf_link_by_id).
 */
export function openOrGone<K extends ObjectKind>(kernel: Kernel, kind: K, id: number): Fd<K> | undefined {
  try {
    return kernel.openById(kind, id)
  } catch (error) {
    if (error instanceof KernelError && (error.errno === 'ENOENT' || error.errno === 'EAGAIN')) return undefined
    throw error
  }
}
