import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type Stats,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { KernelError } from '../model/errors.ts'
import { loadAddon } from './addon.ts'
import { getAttr, pinAttr } from './attr-object.ts'
import { kernelError, withErrno } from './errno.ts'
import type { Bpffs, DirectoryEntry, FileStat, Mounts } from './files.ts'
import { lockDirectory } from './lock.ts'
import { findBpffs, listBpffs, parseMountinfo } from './mountinfo.ts'
import { bpf } from './syscall.ts'

/** The pin file system of this machine. Every failure is a KernelError with the path in `target`. */
export const linuxBpffs: Bpffs = {
  user: process.getuid?.() ?? 0,
  mountOf: (path) => mounts().of(path),
  mounts,
  mount: mountBpffs,
  stat: (path) => withErrno(`look at ${path}`, path, () => fileStat(lstatSync(path, { throwIfNoEntry: false }))),
  list: (path) => withErrno(`list ${path}`, path, () => listDirectory(path)),
  makeDirectory: (path) => withErrno(`make ${path}`, path, () => mkdirSync(path, { mode: 0o700 })),
  removeDirectory: (path) => withErrno(`remove ${path}`, path, () => rmdirSync(path)),
  unpin: (path) => withErrno(`unpin ${path}`, path, () => unlinkSync(path)),
  link: linkPin,
  rename: (from, to) => renameat2(`rename ${from} to ${to}`, from, to, RENAME_NOREPLACE),
  exchange: (a, b) => renameat2(`exchange ${a} and ${b}`, a, b, RENAME_EXCHANGE),
  replace: (from, to) => withErrno(`replace ${to} by ${from}`, to, () => renameSync(from, to)),
  setOwnership: (path, change) => withErrno(`change the owner of ${path}`, path, () => setOwnership(path, change)),
  lock: lockDirectory,
}

function mounts(): Mounts {
  const all = parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))
  return {
    of: (path) => findBpffs(all, realpathOfExisting(path)),
    list: () => listBpffs(all, { first: firstMounts(), contained: isContained() }),
  }
}

/** Of a process whose mounts this one may not see nothing can be said. */
function firstMounts(): ReturnType<typeof parseMountinfo> | undefined {
  try {
    return parseMountinfo(readFileSync('/proc/1/mountinfo', 'utf8'))
  } catch {
    return undefined
  }
}

/** The first pid namespace has a fixed inode (PROC_PID_INIT_INO); in another one process 1 is not that of the host. */
function isContained(): boolean {
  try {
    return readlinkSync('/proc/self/ns/pid') !== 'pid:[4026531836]'
  } catch {
    return false
  }
}

function mountBpffs(path: string): void {
  const doing = `mount a bpffs at ${path}`
  withErrno(doing, path, () => mkdirSync(path, { recursive: true, mode: 0o700 }))
  const result = loadAddon().mount('bpf', path, 'bpf', 0, 'mode=0700')
  if (result < 0) throw kernelError({ command: 'mount', errno: -result, doing, target: path })
}

/** Follows the symbolic links in that part of a path which exists. */
function realpathOfExisting(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    return path === '/' ? path : join(realpathOfExisting(dirname(path)), basename(path))
  }
}

function fileStat(stats: Stats | undefined): FileStat | undefined {
  if (!stats) return undefined
  return {
    kind: fileKind(stats),
    uid: stats.uid,
    gid: stats.gid,
    mode: stats.mode & 0o7777,
    inode: stats.ino,
    changed: stats.ctimeMs,
  }
}

function fileKind(stats: Stats): FileStat['kind'] {
  if (stats.isDirectory()) return 'directory'
  if (stats.isSymbolicLink()) return 'symlink'
  return stats.isFile() ? 'pin' : 'other'
}

function listDirectory(path: string): readonly DirectoryEntry[] {
  const entries = readdirSync(path, { withFileTypes: true })
  return entries
    .map((entry) => ({ name: entry.name, directory: entry.isDirectory() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

function linkPin(from: string, to: string): void {
  try {
    withErrno(`link ${from} to ${to}`, to, () => linkSync(from, to))
  } catch (error) {
    // protected_hardlinks: the pin is somebody else's, but opening it may still be allowed.
    if (!(error instanceof KernelError && error.errno === 'EPERM')) throw error
    pinAgain(from, to)
  }
}

function pinAgain(from: string, to: string): void {
  const number = bpf('BPF_OBJ_GET', getAttr(from), `open ${from}`)
  try {
    bpf('BPF_OBJ_PIN', pinAttr({ number }, to), `pin ${to}`)
  } finally {
    loadAddon().close(number)
  }
}

function renameat2(doing: string, from: string, to: string, flags: number): void {
  const result = loadAddon().renameat2(from, to, flags)
  if (result < 0) throw kernelError({ command: 'renameat2', errno: -result, doing, target: to })
}

function setOwnership(path: string, { uid, gid, mode }: { uid?: number; gid?: number; mode?: number }): void {
  // The owner first: changing it clears set-id bits, and an unchanged one is -1.
  if (uid !== undefined || gid !== undefined) chownSync(path, uid ?? -1, gid ?? -1)
  if (mode !== undefined) chmodSync(path, mode)
}

const RENAME_NOREPLACE = 1
const RENAME_EXCHANGE = 2
