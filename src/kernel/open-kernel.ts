import { readFileSync } from 'node:fs'
import { kernelError } from './errno.ts'
import type { Kernel } from './kernel.ts'
import { capabilities } from './permission.ts'

/** `linux`: the running kernel. `memory`: an empty one in this process, gone with it (openMemoryMachine keeps one). */
export type KernelKind = 'linux' | 'memory'

/**
 * Opens a kernel; close it when done. Throws KernelError where this is not Linux (K038), where this process may not
 * call bpf(2) (K013: it needs CAP_BPF or CAP_SYS_ADMIN), and where the native addon is not built (K104).
 */
export async function openKernel(kind: KernelKind = 'linux'): Promise<Kernel> {
  // Each is loaded on demand: a start of the command line pays for one of them.
  if (kind === 'memory') return (await import('./memory/memory-kernel.ts')).openMemoryKernel()
  requireLinux()
  const { openLinuxKernel } = await import('./linux-kernel.ts')
  return openLinuxKernel()
}

const doing = 'open the kernel'
const rehearse = 'use --kernel memory to rehearse without it'

function requireLinux(): void {
  if (process.platform !== 'linux') {
    const what = `this is ${process.platform}, and bpf(2) is Linux only`
    throw kernelError({ command: 'bpf', errno: 'ENOSYS', doing, what, hint: rehearse })
  }
  const granted = capabilities(readFileSync('/proc/self/status', 'latin1'))
  if (granted.has('bpf') || granted.has('sys_admin')) return
  throw kernelError({
    command: 'bpf',
    errno: 'EPERM',
    doing,
    what: 'this process has neither CAP_BPF nor CAP_SYS_ADMIN',
  })
}
