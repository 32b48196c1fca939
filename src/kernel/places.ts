import { readdirSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseMountinfo } from './mountinfo.ts'

/** Id of a cgroup: the inode of its directory. Undefined where the path is no directory of a cgroup2 file system. */
export const cgroupId = (path: string): number | undefined => inodeOn(path, CGROUP2_SUPER_MAGIC)

/** 2 for a directory of cgroup2, 1 for one of the old cgroup file systems, undefined for anything else. */
export function cgroupVersion(path: string): 1 | 2 | undefined {
  const type = fileSystemOf(path)
  if (type === CGROUP2_SUPER_MAGIC) return 2
  return type === CGROUP_SUPER_MAGIC ? 1 : undefined
}

/** Path of the cgroup with that id on the first cgroup2 mount that has it; reads directories until it is found. */
export function cgroupPath(id: number): string | undefined {
  const mounts = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))
  for (const mount of mounts.filter(({ type }) => type === 'cgroup2')) {
    const path = findDirectory(mount.mountPoint, id)
    if (path !== undefined) return path
  }
  return undefined
}

/** Inode of a namespace file such as /proc/self/ns/net or /run/netns/blue; undefined when it is none. */
export const namespaceInode = (path: string): number | undefined => inodeOn(path, NSFS_MAGIC)

function inodeOn(path: string, magic: number): number | undefined {
  return fileSystemOf(path) === magic ? statSync(path).ino : undefined
}

function fileSystemOf(path: string): number | undefined {
  try {
    return statfsSync(path).type
  } catch {
    return undefined
  }
}

/** Breadth first: what pinfold attaches to is rarely deep. */
function findDirectory(root: string, inode: number): string | undefined {
  const queue = [root]
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (statSync(path, { throwIfNoEntry: false })?.ino === inode) return path
    queue.push(...directoriesIn(path))
  }
  return undefined
}

/** Paths of the directories in a directory; none of one that was removed meanwhile, or may not be read. */
export function directoriesIn(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name))
  } catch {
    // Removed while we looked, or not readable: nothing to find in it.
    return []
  }
}

const CGROUP_SUPER_MAGIC = 0x27e0eb
const CGROUP2_SUPER_MAGIC = 0x63677270
const NSFS_MAGIC = 0x6e736673
