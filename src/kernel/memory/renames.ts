import { dropName, isDirectory } from './inodes.ts'
import { type Place, walk } from './paths.ts'
import { type Errno, refuse } from './refuse.ts'
import type { Directory, Inode, World } from './world.ts'

interface Existing extends Place {
  readonly parent: Directory
  readonly inode: Inode
}

/** renameat2 with RENAME_NOREPLACE, or (`mayReplace`) without flags: then the displaced name goes. */
export function replaceName(world: World, from: string, to: string, options: { readonly mayReplace: boolean }): void {
  const source = existing(world, from)
  const target = walk(world, to, command)
  const errno = refusalOfRename(source, target, options.mayReplace)
  if (errno) return refuse(command, errno, from)
  if (source.inode === target.inode) return
  source.parent.content.entries.delete(source.name)
  target.parent?.content.entries.set(target.name, source.inode.number)
  if (target.inode) dropName(world, target.inode)
}

/** renameat2 with RENAME_EXCHANGE: both names lead to the other's inode in one instant. */
export function exchangeNames(world: World, a: string, b: string): void {
  const source = existing(world, a)
  const target = existing(world, b)
  const errno = isWithin(target, source) || isWithin(source, target) ? 'EINVAL' : refusalOfMove(world, source, target)
  if (errno) return refuse(command, errno, a)
  source.parent.content.entries.set(source.name, target.inode.number)
  target.parent.content.entries.set(target.name, source.inode.number)
}

const command = 'renameat2'

/** The root of a mount cannot be moved; other file systems take part in nothing. */
function existing(world: World, path: string): Existing {
  const place = walk(world, path, command)
  const { parent, inode } = place
  if (!inode) return refuse(command, 'ENOENT', path)
  return parent ? { ...place, parent, inode } : refuse(command, 'EXDEV', path)
}

function refusalOfRename(source: Existing, target: Place, mayReplace: boolean): Errno | undefined {
  if (source.mountPoint !== target.mountPoint || !target.parent) return 'EXDEV'
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

function refusalOfMove(world: World, source: Existing, target: Existing): Errno | undefined {
  if (source.mountPoint !== target.mountPoint) return 'EXDEV'
  const mounted = [...world.mounts.keys()].map((point) => walk(world, point, command).inode)
  return mounted.includes(source.inode) || mounted.includes(target.inode) ? 'EBUSY' : undefined
}

/** True when a path leads through a directory. */
const isWithin = (path: Place, directory: Existing): boolean => path.ancestors.includes(directory.inode)
