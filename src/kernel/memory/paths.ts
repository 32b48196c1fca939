import { isDirectory } from './inodes.ts'
import { refuse } from './refuse.ts'
import type { Directory, Inode, World } from './world.ts'

/** A path walked to its last name. */
export interface Place {
  /** The directory that the last name is in; undefined for the root of a mount and for what is on no bpffs. */
  readonly parent: Directory | undefined
  readonly name: string
  /** What the name leads to, if it exists. */
  readonly inode: Inode | undefined
  /** Mount point; undefined when the path is on no bpffs. */
  readonly mountPoint: string | undefined
  /** Inodes from the root of the mount down to the parent. */
  readonly ancestors: readonly Inode[]
}

/** Walks a path: ENOENT or ENOTDIR when the way to its last name is broken, ENAMETOOLONG, EPERM for new names with a dot. */
export function walk(world: World, path: string, command: string): Place {
  const full = normalize(path)
  const mountPoint = mountPointOf(world, full)
  if (mountPoint === undefined) return outside(world, full, path, command)
  const names = full.slice(mountPoint.length).split('/').filter(Boolean)
  let inode: Inode | undefined = world.inodes.get(world.mounts.get(mountPoint) ?? 0)
  let parent: Directory | undefined
  const ancestors: Inode[] = []
  for (const name of names) {
    if (!inode) return refuse(command, 'ENOENT', path)
    if (!isDirectory(inode)) return refuse(command, 'ENOTDIR', path)
    parent = inode
    ancestors.push(inode)
    inode = step(world, parent, name, path, command)
  }
  return { parent, name: names.at(-1) ?? '', inode, mountPoint, ancestors }
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

function step(world: World, directory: Directory, name: string, path: string, command: string): Inode | undefined {
  // bpffs reserves dots before it looks at the length (bpf_lookup).
  if (name.includes('.')) return refuse(command, 'EPERM', path)
  if (Buffer.byteLength(name) > 255) return refuse(command, 'ENAMETOOLONG', path)
  return world.inodes.get(directory.content.entries.get(name) ?? 0)
}

function outside(world: World, full: string, path: string, command: string): Place {
  const above = full.slice(0, full.lastIndexOf('/')) || '/'
  if (!isKnownOutside(world, above)) return refuse(command, 'ENOENT', path)
  return {
    parent: undefined,
    name: full.slice(full.lastIndexOf('/') + 1),
    inode: undefined,
    mountPoint: undefined,
    ancestors: [],
  }
}
