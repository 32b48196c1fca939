/** The mount that a path lies on. */
export interface BpffsMount {
  readonly mountPoint: string
  /** Another mount lies over it, or it is not the root of a bpffs: a sentence why it cannot be used. */
  readonly problem?: string
  /** It is not mounted in the first process's mount namespace, and so ends with this one. */
  readonly isFleeting?: true
}

/** What stat(2) says of a file on bpffs. */
export interface FileStat {
  readonly kind: 'directory' | 'pin' | 'symlink' | 'other'
  readonly uid: number
  readonly gid: number
  /** Permission bits with the sticky bit: 0o1777. */
  readonly mode: number
  readonly inode: number
}

/** One name in a directory of bpffs. */
export interface DirectoryEntry {
  readonly name: string
  readonly directory: boolean
}
