import { releaseAsUser } from './references.ts'
import { type Directory, type Inode, nextNumber, type World } from './world.ts'

/** A new inode without a name, owned by root. */
export function createInode(world: World, content: Inode['content'], mode: number): Inode {
  const inode: Inode = { number: nextNumber(world, 'inode'), uid: 0, gid: 0, mode, names: 0, content }
  world.inodes.set(inode.number, inode)
  return inode
}

/** Gives an inode a name in a directory. */
export function addName(directory: Directory, name: string, inode: Inode): void {
  inode.names++
  directory.content.entries.set(name, inode.number)
}

/** Takes a name from an inode; the last one frees it, and a pin's reference goes with it. */
export function dropName(world: World, inode: Inode): void {
  if (--inode.names > 0) return
  world.inodes.delete(inode.number)
  if (inode.content.kind === 'pin') releaseAsUser(world, inode.content.object)
}

export const isDirectory = (inode: Inode): inode is Directory => inode.content.kind === 'directory'
