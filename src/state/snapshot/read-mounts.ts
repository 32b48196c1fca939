import type { BpffsMount, DirectoryEntry } from '../../kernel/files.ts'
import type { SavedDirectory, SavedPin } from '../../kernel/host-snapshot.ts'
import type { Kernel, ObjectKind } from '../../kernel/kernel.ts'
import { KernelError } from '../../model/errors.ts'

/** Every bpffs that can be seen, and what lies on it. */
export interface MountReading {
  readonly mounts: readonly BpffsMount[]
  readonly files: Readonly<Record<string, SavedDirectory>>
  /** Every pin that could be opened. */
  readonly pins: readonly FoundPin[]
}

export interface FoundPin {
  /** Absolute path. */
  readonly path: string
  readonly kind: ObjectKind
  readonly id: number
}

/** Walks over every bpffs; what vanishes meanwhile is left out. */
export function readMounts(kernel: Kernel): MountReading {
  const mounts = kernel.bpffs.mounts().list()
  const walk: Walk = { kernel, pins: [], roots: new Set(mounts.map(({ mountPoint }) => mountPoint)) }
  const files = mounts.flatMap(({ mountPoint }) => {
    const directory = readDirectory(walk, mountPoint, listed(kernel, mountPoint))
    return directory ? [[mountPoint, directory] as const] : []
  })
  return { mounts, files: Object.fromEntries(files), pins: walk.pins }
}

interface Walk {
  readonly kernel: Kernel
  readonly pins: FoundPin[]
  /** Mount points: what lies below one of them in another is its own. */
  readonly roots: ReadonlySet<string>
}

function readDirectory(walk: Walk, path: string, names: readonly DirectoryEntry[]): SavedDirectory | undefined {
  const file = statOf(walk, path)
  if (!file) return undefined
  const entries = names.flatMap(({ name, directory }) => {
    const below = `${path}/${name}`
    const names = walk.roots.has(below) || !directory ? [] : listed(walk.kernel, below)
    const entry = directory ? readDirectory(walk, below, names) : readPin(walk, below)
    return entry ? [[name, entry] as const] : []
  })
  return { ...file, entries: Object.fromEntries(entries) }
}

function statOf({ kernel }: Walk, path: string): Omit<SavedPin, 'object'> | undefined {
  const stat = kernel.bpffs.stat(path)
  if (!stat) return undefined
  const { uid, gid, mode, inode, kind, changed } = stat
  const owner = { ...(uid && { uid }), ...(gid && { gid }) }
  const time = changed === undefined ? {} : { changed: Math.trunc(changed) }
  return { ...owner, mode, inode, ...time, ...(kind === 'symlink' && { symlink: true }) }
}

function readPin(walk: Walk, path: string): SavedPin | undefined {
  const file = statOf(walk, path)
  if (!file) return undefined
  try {
    const { kind, id } = walk.kernel.describePin(path)
    walk.pins.push({ path, kind, id })
    return { ...file, object: [kind, id] }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error
    if (error.errno === 'ENOENT') return undefined
    return file.symlink ? file : { ...file, errno: error.errno }
  }
}

function listed({ bpffs }: Kernel, path: string): readonly DirectoryEntry[] {
  try {
    return bpffs.list(path)
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'ENOENT') return []
    throw error
  }
}
