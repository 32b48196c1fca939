import type { FileStat } from '../kernel/files.ts'
import type { Kernel } from '../kernel/kernel.ts'
import type { Misowned, Ownership, Tree } from '../model/state.ts'

/** The stack's directory and its live tree. */
export interface OwnedTree {
  /** Absolute path of the stack's directory. */
  readonly directory: string
  /** What stat(2) said of it. */
  readonly stat: FileStat | undefined
  readonly live: Tree | undefined
}

/**
 * Directories whose owner or mode somebody changed since the record was written. Below a stack that the manifest opens to
 * nobody, only the way in is looked at: nobody else gets further.
 */
export function readMisowned(kernel: Kernel, { directory, stat, live }: OwnedTree): readonly Misowned[] {
  if (!live?.record || !stat) return []
  const { ownership } = live.record
  const inside = ownership ? live.directories : []
  const found = [
    { path: '', stat },
    ...inside.map((path) => ({ path, stat: kernel.bpffs.stat(`${directory}/${path}`) })),
  ]
  return found.flatMap(({ path, stat: there }) => {
    const differs = there ? differences(there, ownership ?? {}) : []
    return differs.length > 0 ? [{ path, differs }] : []
  })
}

/** Who owns it is compared only where the manifest said so: otherwise it is whoever applied. */
function differences(found: FileStat, { uid, gid, mode = 0o700 }: Ownership): Misowned['differs'] {
  const recorded = { uid, gid, mode }
  return (['uid', 'gid', 'mode'] as const).flatMap((attribute) => {
    const wanted = recorded[attribute]
    return wanted === undefined || wanted === found[attribute]
      ? []
      : [{ attribute, recorded: wanted, found: found[attribute] }]
  })
}
