import { isDirectory } from './inodes.ts'
import { refuse } from './refuse.ts'
import { unknown } from './unknown.ts'
import type { Directory, Inode, World } from './world.ts'

/** A path walked up to its last name. */
export interface Parent {
  /** The directory that the last name is in; undefined for the root of a mount and for what is on no bpffs. */
  readonly parent: Directory | undefined
  readonly name: string
  /** Mount point; undefined when the path is on no bpffs. */
  readonly mountPoint: string | undefined
  /** Inodes from the root of the mount down to the parent. */
  readonly ancestors: readonly Inode[]
}

/** A path walked to its end. */
export interface Place extends Parent {
  /** What the name leads to, if it exists. */
  readonly inode: Inode | undefined
}

/** Walks a path: ENOENT or ENOTDIR when the way to its last name is broken, ENAMETOOLONG, EPERM for new names with a dot. */
export const walk = (world: World, path: string, command: string): Place =>
  lookUp(world, walkToParent(world, path, command), path, command)

/** Walks a path up to its last name: ENOENT or ENOTDIR when the way is broken. */
export function walkToParent(world: World, path: string, command: string): Parent {
  const full = normalize(path)
  const mountPoint = mountPointOf(world, full)
  if (mountPoint === undefined) return outside(world, full, path, command)
  const names = full.slice(mountPoint.length).split('/').filter(Boolean)
  const name = names.pop()
  const ancestors: Directory[] = []
  let inode: Inode | undefined = rootOf(world, mountPoint)
  if (name === undefined) return { parent: undefined, name: '', mountPoint, ancestors }
  for (const step of [...names, '']) {
    if (!inode) return refuse(command, 'ENOENT', path)
    if (inode.content.kind === 'symlink')
      return unknown('K113', { read: `look at ${path}`, why: 'the snapshot does not follow symbolic links' })
    if (!isDirectory(inode)) return refuse(command, 'ENOTDIR', path)
    ancestors.push(inode)
    if (step) inode = child(world, inode, step, path, command)
  }
  return { parent: ancestors.at(-1), name, mountPoint, ancestors }
}

/** Takes the last step of a path. */
export function lookUp(world: World, place: Parent, path: string, command: string): Place {
  const { parent, name, mountPoint } = place
  if (parent) return { ...place, inode: child(world, parent, name, path, command) }
  return { ...place, inode: mountPoint === undefined ? undefined : rootOf(world, mountPoint) }
}

/** The inode at a path: ENOENT when there is none. */
export function inodeAt(world: World, path: string, command: string): Inode {
  return walk(world, path, command).inode ?? refuse(command, 'ENOENT', path)
}

/** The mount point of the bpffs that a path is on: the longest that it starts with. */
export function mountPointOf(world: World, path: string): string | undefined {
  const full = normalize(path)
  const candidates = [...world.mounts.keys()].filter((point) => full === point || full.startsWith(`${point}/`))
  return candidates.sort((a, b) => b.length - a.length)[0]
}

/** True for directories of other file systems that are known to exist: those above a mount point, and the usual one. */
export const isKnownOutside = (world: World, path: string): boolean =>
  [...world.mounts.keys(), '/sys/fs/bpf/_'].some((point) => point.startsWith(`${normalize(path)}/`) || path === '/')

/** An absolute path without `.`, `..` and doubled slashes. */
export function normalize(path: string): string {
  const names: string[] = []
  for (const name of path.split('/')) {
    if (name === '..') names.pop()
    else if (name !== '' && name !== '.') names.push(name)
  }
  return `/${names.join('/')}`
}

const rootOf = (world: World, mountPoint: string): Inode | undefined =>
  world.inodes.get(world.mounts.get(mountPoint) ?? 0)

function child(world: World, directory: Directory, name: string, path: string, command: string): Inode | undefined {
  const known = world.inodes.get(directory.content.entries.get(name) ?? 0)
  if (known) return known
  // bpffs reserves dots before it looks at the length (bpf_lookup); only the kernel's own pins have them.
  if (name.includes('.')) return refuse(command, 'EPERM', path)
  if (Buffer.byteLength(name) > 255) return refuse(command, 'ENAMETOOLONG', path)
  return undefined
}

function outside(world: World, full: string, path: string, command: string): Parent {
  const above = full.slice(0, full.lastIndexOf('/')) || '/'
  if (!isKnownOutside(world, above)) return refuse(command, 'ENOENT', path)
  return { parent: undefined, name: full.slice(full.lastIndexOf('/') + 1), mountPoint: undefined, ancestors: [] }
}
