import { KernelError } from '../../model/errors.ts'
import type { Bpffs, BpffsMount, DirectoryEntry, FileStat } from '../files.ts'
import { addName, createInode, dropName, isDirectory } from './inodes.ts'
import { assertAlive, enter, type Process } from './machine.ts'
import { inodeAt, isKnownOutside, lookUp, mountPointOf, normalize, walk, walkToParent } from './paths.ts'
import { refuse } from './refuse.ts'
import { exchangeNames, replaceName } from './renames.ts'
import { unknown } from './unknown.ts'
import type { Directory, Inode, ObjectName, World } from './world.ts'

/** The pin file system as one process sees it. */
export function bpffsOf(self: Process): Bpffs {
  const { world } = self.machine
  return {
    user: world.options.origin?.user ?? process.getuid?.() ?? 0,
    mountOf(path) {
      assertAlive(self, 'mountOf')
      return mountOf(world, path)
    },
    mounts() {
      assertAlive(self, 'mounts')
      return { of: (path) => mountOf(world, path), list: () => listMounts(world) }
    },
    mount(path) {
      enter(self, 'mount', path)
      mountBpffs(world, path, 0o700)
    },
    stat(path) {
      assertAlive(self, 'stat')
      return stat(world, path)
    },
    list(path) {
      assertAlive(self, 'list')
      return list(world, path)
    },
    makeDirectory(path) {
      enter(self, 'makeDirectory', path)
      addInode(world, path, 'mkdir', () => createInode(world, { kind: 'directory', entries: new Map() }, 0o700))
    },
    removeDirectory(path) {
      enter(self, 'removeDirectory', path)
      removeDirectory(world, path)
    },
    unpin(path) {
      enter(self, 'unpin', path)
      unpin(world, path)
    },
    link(from, to) {
      enter(self, 'link', to)
      linkName(world, from, to)
    },
    rename(from, to) {
      enter(self, 'rename', from)
      replaceName(world, from, to, { mayReplace: false })
    },
    exchange(a, b) {
      enter(self, 'exchange', a)
      exchangeNames(world, a, b)
    },
    replace(from, to) {
      enter(self, 'replace', to)
      replaceName(world, from, to, { mayReplace: true })
    },
    setOwnership(path, change) {
      enter(self, 'setOwnership', path)
      const inode = inodeAt(world, path, 'chmod')
      inode.uid = change.uid ?? inode.uid
      inode.gid = change.gid ?? inode.gid
      inode.mode = change.mode ?? inode.mode
    },
    lock: (directory) => lock(self, directory),
  }
}

/** BPF_OBJ_PIN: gives an object a name. The caller holds it as a user. */
export function addPin(world: World, path: string, object: ObjectName): void {
  addInode(world, path, 'BPF_OBJ_PIN', () => createInode(world, { kind: 'pin', object }, 0o600))
}

/** The object of a pin; EACCES for what is no pin. */
export function pinnedObject(world: World, path: string): ObjectName {
  const place = walk(world, path, 'BPF_OBJ_GET')
  const content = place.inode?.content
  if (content?.kind === 'pin') return content.object
  if (content?.kind === 'unread')
    return unknown('K114', { read: `open ${path}`, why: `who took the snapshot could not (${content.errno})` })
  if (content?.kind === 'symlink' && content.object) return content.object
  const exists = content || (!place.mountPoint && isKnownOutside(world, path))
  return refuse('BPF_OBJ_GET', exists ? 'EACCES' : 'ENOENT', path)
}

/** Mounts an empty bpffs; without a mode its root is open to everyone and sticky. */
export function mountBpffs(world: World, path: string, mode = 0o1777): void {
  const root = createInode(world, { kind: 'directory', entries: new Map() }, mode)
  root.names = 1
  world.mounts.set(normalize(path), root.number)
}

function mountOf(world: World, path: string): BpffsMount | undefined {
  const mountPoint = mountPointOf(world, path)
  // On another machine a symbolic link may lead to one.
  if (mountPoint === undefined && world.options.origin)
    return unknown('K113', { read: `look at ${path}`, why: 'the snapshot has no more than what lies on a bpffs' })
  if (mountPoint === undefined) return undefined
  const problem = world.options.origin?.mounts.find((mount) => mount.mountPoint === mountPoint)?.problem
  return problem === undefined ? { mountPoint } : { mountPoint, problem }
}

function listMounts({ mounts, options: { origin } }: World): readonly BpffsMount[] {
  const known = new Map((origin?.mounts ?? []).map((mount) => [mount.mountPoint, mount]))
  const all = [...mounts.keys()].sort().map((mountPoint) => known.get(mountPoint) ?? { mountPoint })
  return all.filter(({ problem }) => problem === undefined)
}

function stat(world: World, path: string): FileStat | undefined {
  if (mountPointOf(world, path) === undefined && isKnownOutside(world, path)) {
    return { kind: 'directory', uid: 0, gid: 0, mode: 0o755, inode: 1 }
  }
  const inode = tryWalk(world, path)
  if (!inode) return undefined
  const { uid, gid, mode, number, changed, content } = inode
  const kind = content.kind === 'unread' ? 'pin' : content.kind
  return { kind, uid, gid, mode, inode: number, ...(changed !== undefined && { changed }) }
}

function tryWalk(world: World, path: string): Inode | undefined {
  try {
    return walk(world, path, 'stat').inode
  } catch (error) {
    if (error instanceof KernelError && (error.errno === 'ENOENT' || error.errno === 'ENOTDIR')) return undefined
    throw error
  }
}

function list(world: World, path: string): readonly DirectoryEntry[] {
  const directory = inodeAt(world, path, 'readdir')
  if (!isDirectory(directory)) return refuse('readdir', 'ENOTDIR', path)
  return [...directory.content.entries]
    .map(([name, number]) => ({ name, directory: world.inodes.get(number)?.content.kind === 'directory' }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function addInode(world: World, path: string, command: string, inode: () => Inode): void {
  const place = walk(world, path, command)
  const taken = place.inode || (place.mountPoint === undefined && isKnownOutside(world, path))
  if (taken) return refuse(command, 'EEXIST', path)
  // No other file system takes pins.
  if (!place.parent) return refuse(command, 'EPERM', path)
  addName(place.parent, place.name, inode())
}

function removeDirectory(world: World, path: string): void {
  const { inode, parent, name } = walk(world, path, 'rmdir')
  if (!inode) return refuse('rmdir', 'ENOENT', path)
  if (!parent) return refuse('rmdir', 'EBUSY', path)
  if (!isDirectory(inode)) return refuse('rmdir', 'ENOTDIR', path)
  if (inode.content.entries.size > 0) return refuse('rmdir', 'ENOTEMPTY', path)
  if (isMountPoint(world, path)) return refuse('rmdir', 'EBUSY', path)
  removeName(world, parent, name, inode)
}

function unpin(world: World, path: string): void {
  const { inode, parent, name } = walk(world, path, 'unlink')
  if (!inode) return refuse('unlink', 'ENOENT', path)
  if (!parent || isDirectory(inode)) return refuse('unlink', 'EISDIR', path)
  removeName(world, parent, name, inode)
}

function removeName(world: World, parent: Directory, name: string, inode: Inode): void {
  parent.content.entries.delete(name)
  dropName(world, inode)
}

const isMountPoint = (world: World, path: string): boolean => world.mounts.has(normalize(path))

function linkName(world: World, from: string, to: string): void {
  const source = walk(world, from, 'linkat')
  const inode = source.inode ?? refuse('linkat', 'ENOENT', from)
  const above = walkToParent(world, to, 'linkat')
  // Where link(2) says EPERM the port opens the pin and pins it again, and a directory cannot be opened.
  if (isDirectory(inode) && above.name.includes('.')) return refuse('BPF_OBJ_GET', 'EACCES', from)
  const place = lookUp(world, above, to, 'linkat')
  if (place.inode) return refuse('linkat', 'EEXIST', to)
  if (source.mountPoint !== place.mountPoint || !place.parent) return refuse('linkat', 'EXDEV', to)
  if (isDirectory(inode)) return refuse('BPF_OBJ_GET', 'EACCES', from)
  addName(place.parent, place.name, inode)
}

function lock(process: Process, directory: string): Disposable | undefined {
  enter(process, 'lock', directory)
  const { world, locks } = process.machine
  const inode = inodeAt(world, directory, 'flock')
  if (!isDirectory(inode)) return refuse('flock', 'ENOTDIR', directory)
  if (locks.has(inode.number)) return undefined
  locks.set(inode.number, process)
  let held = true
  return {
    [Symbol.dispose]() {
      if (held && locks.get(inode.number) === process) locks.delete(inode.number)
      held = false
    },
  }
}
