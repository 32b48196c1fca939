import { dropName, isDirectory } from './inodes.ts'
import { lookUp, type Place, walkToParent } from './paths.ts'
import { type Errno, refuse } from './refuse.ts'
import type { Directory, Inode, World } from './world.ts'

interface Existing extends Place {
  readonly parent: Directory
  readonly inode: Inode
}

/** renameat2 with RENAME_NOREPLACE, or (`mayReplace`) without flags: then the displaced name goes. */
export function replaceName(world: World, from: string, to: string, options: { readonly mayReplace: boolean }): void {
  const { source, target } = lookUpBoth(world, from, to)
  const errno = refusalOfRename(source, target, options.mayReplace)
  if (errno) return refuse(command, errno, from)
  if (source.inode === target.inode) return
  source.parent.content.entries.delete(source.name)
  target.parent.content.entries.set(target.name, source.inode.number)
  if (target.inode) dropName(world, target.inode)
}

/** renameat2 with RENAME_EXCHANGE: both names lead to the other's inode in one instant. */
export function exchangeNames(world: World, a: string, b: string): void {
  const { source, target } = lookUpBoth(world, a, b)
  const { inode } = target
  if (!inode) return refuse(command, 'ENOENT', b)
  const errno = world.options.withoutExchange ? 'EINVAL' : refusalOfExchange(world, source, { ...target, inode })
  if (errno) return refuse(command, errno, a)
  source.parent.content.entries.set(source.name, inode.number)
  target.parent.content.entries.set(target.name, source.inode.number)
}

const command = 'renameat2'

/** Both directories come before both names: where one is missing, the names do not matter. */
function lookUpBoth(
  world: World,
  from: string,
  to: string,
): { readonly source: Existing; readonly target: Place & { readonly parent: Directory } } {
  const [above, below] = [walkToParent(world, from, command), walkToParent(world, to, command)]
  if (above.mountPoint !== below.mountPoint) return refuse(command, 'EXDEV', from)
  // The root of a mount and other file systems take part in nothing.
  if (!above.parent || !below.parent) return refuse(command, 'EBUSY', from)
  const source = lookUp(world, above, from, command)
  if (!source.inode) return refuse(command, 'ENOENT', from)
  return {
    source: { ...source, parent: above.parent, inode: source.inode },
    target: { ...lookUp(world, below, to, command), parent: below.parent },
  }
}

function refusalOfRename(source: Existing, target: Place, mayReplace: boolean): Errno | undefined {
  if (target.inode && !mayReplace) return 'EEXIST'
  if (isWithin(target, source)) return 'EINVAL'
  if (!target.inode || source.inode === target.inode) return undefined
  if (source.ancestors.includes(target.inode)) return 'ENOTEMPTY'
  return refusalOfReplacing(source.inode, target.inode)
}

function refusalOfReplacing(source: Inode, target: Inode): Errno | undefined {
  if (!isDirectory(target)) return isDirectory(source) ? 'ENOTDIR' : undefined
  if (!isDirectory(source)) return 'EISDIR'
  return target.content.entries.size > 0 ? 'ENOTEMPTY' : undefined
}

function refusalOfExchange(world: World, source: Existing, target: Existing): Errno | undefined {
  if (isWithin(target, source) || isWithin(source, target)) return 'EINVAL'
  const mounted = [...world.mounts.values()]
  return mounted.includes(source.inode.number) || mounted.includes(target.inode.number) ? 'EBUSY' : undefined
}

/** True when a path leads through a directory. */
const isWithin = (path: Place, directory: Existing): boolean => path.ancestors.includes(directory.inode)
