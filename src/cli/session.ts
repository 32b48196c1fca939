import { resolve } from 'node:path'
import {
  type DesiredState,
  guardDesired,
  type Kernel,
  type LoadedManifest,
  type LoadOptions,
  loadManifest,
  ManifestError,
  openKernel,
  readDesired,
} from '../index.ts'
import type { OptionValues } from './option-table.ts'
import { readBytes } from './read-bytes.ts'
import type { Terminal } from './terminal.ts'
import { UsageError } from './usage-error.ts'

/** A kernel for one command. Disposing it ends it, and with --state keeps what lives in memory. */
export interface Session extends Disposable {
  readonly kernel: Kernel
  /** Absolute path of the bpffs root. */
  readonly bpffs: string
}

/** Opens the kernel that the options name; mounts a bpffs where that was asked for. */
export async function openSession(options: OptionValues): Promise<Session> {
  const bpffs = bpffsOf(options)
  const session = { ...(await openKernelOf(options)), bpffs }
  try {
    if (options['mount-bpffs'] && !session.kernel.bpffs.mountOf(bpffs)) session.kernel.bpffs.mount(bpffs)
  } catch (error) {
    session[Symbol.dispose]()
    throw error
  }
  return session
}

async function openKernelOf({ kernel: kind = 'linux', state }: OptionValues): Promise<Omit<Session, 'bpffs'>> {
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
const bpffsOf = (options: OptionValues): string => resolve(options.bpffs ?? '/sys/fs/bpf')

/** Loads the manifest that the options name, with their variables. */
export function readManifest(options: OptionValues, { environment }: Terminal): LoadedManifest {
  const sources: LoadOptions = {
    variables: variablesOf(options.var ?? []),
    variableFiles: options['var-file'] ?? [],
    environment,
    bpffs: bpffsOf(options),
  }
  return loadManifest(options.file ?? 'pinfold.yaml', sources)
}

function variablesOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)]
      throw new UsageError(`cannot read --var ${pair}: it is not NAME=VALUE`, {
        code: 'C106',
        hint: `write --var ${pair.replace(/^=.*/, 'NAME')}=VALUE`,
      })
    }),
  )
}

/**
 * Resolves a manifest against its objects and the kernel of the session; refuses one that would leave a program array without
 * a holder before anything is asked of bpf(2).
 */
export function wish(loaded: LoadedManifest, { kernel, bpffs }: Pick<Session, 'kernel' | 'bpffs'>): DesiredState {
  const desired = readDesired(loaded, { kernel, bpffs, readFile: readBytes })
  const problems = guardDesired(desired)
  if (problems.length > 0) throw new ManifestError(`cannot use ${loaded.file}: a map would be left unheld`, problems)
  return desired
}
