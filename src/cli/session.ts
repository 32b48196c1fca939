import { resolve } from 'node:path'
import { type Kernel, openKernel } from '../index.ts'
import type { Session } from './command-session.ts'
import type { OptionValues } from './option-table.ts'
import { readBtfFile } from './read-btf-file.ts'
import type { Timings } from './timings.ts'
import { UsageError } from './usage-error.ts'

/** Opens the kernel that the options name; mounts a bpffs where that was asked for. */
export async function openSession(
  options: OptionValues,
  timings?: Timings,
  openKernel: OpenKernel = openKernelOf,
): Promise<Session> {
  const bpffs = bpffsOf(options)
  const btf = readBtfFile(options)
  const { measure, measureAsync } = timings ?? {}
  const open = (): Promise<OpenedKernel> => openKernel(options)
  const opened = await (measureAsync ? measureAsync('open kernel', open) : open())
  const session = { ...opened, bpffs, btf, measure, files: new Map() }
  try {
    const mounted = session.kernel.bpffs.mountOf(bpffs)
    if (options['mount-bpffs'] && !mounted) mountAt(session.kernel, bpffs)
    else if (options.bpffs !== undefined && mounted) requireDirectory(session.kernel, bpffs)
  } catch (error) {
    session[Symbol.dispose]()
    throw error
  }
  return session
}

/** A plan would promise what an apply cannot do: stacks are made below it, and it is not. */
function requireDirectory({ bpffs }: Kernel, path: string): void {
  if (bpffs.stat(path)) return
  throw new UsageError(`cannot read --bpffs ${path}: there is no such directory`, {
    code: 'C104',
    hint: `make it with \`mkdir -m 700 ${path}\`, or name another`,
  })
}

/** Only where it hides nothing. */
function mountAt({ bpffs }: Kernel, path: string): void {
  if (bpffs.stat(path) && bpffs.list(path).length > 0) {
    throw new UsageError(`cannot mount a bpffs at ${path}: the directory is not empty`, {
      code: 'C116',
      hint: 'name an empty directory, or one that does not exist yet, with --bpffs',
    })
  }
  bpffs.mount(path)
}

/** A kernel of which a session is made. */
export type OpenedKernel = Pick<Session, 'kernel' | typeof Symbol.dispose>
export type OpenKernel = (options: OptionValues) => Promise<OpenedKernel>

async function openKernelOf({ kernel: kind = 'linux', state }: OptionValues): Promise<OpenedKernel> {
  if (kind !== 'linux' && kind !== 'memory') {
    throw new UsageError(`cannot open the kernel "${kind}": there is no such kind`, {
      code: 'C104',
      hint: 'write --kernel linux or --kernel memory',
    })
  }
  if (kind === 'memory') return (await import('./memory-session.ts')).openMemorySession(state)
  if (state !== undefined) {
    throw new UsageError('cannot use --state: only the kernel in memory is kept in a file', {
      code: 'C104',
      hint: 'add --kernel memory',
    })
  }
  const kernel = await openKernel()
  return { kernel, [Symbol.dispose]: () => kernel.close() }
}

/** The bpffs root as an absolute path. */
export const bpffsOf = (options: OptionValues): string => resolve(options.bpffs ?? '/sys/fs/bpf')
