/** The mount that a path lies on. */
export interface BpffsMount {
  /** Its absolute path. */
  readonly mountPoint: string
  /** Another mount lies over it, or it is not the root of a bpffs: a sentence why it cannot be used. */
  readonly problem?: string
  /** It is not mounted in the first process's mount namespace, and so ends with this one. */
  readonly isFleeting?: true
  /** This process is in a container, and the mount does not seem to come from outside of it. */
  readonly isContained?: true
}

/** What stat(2) says of a file on bpffs. */
export interface FileStat {
  readonly kind: 'directory' | 'pin' | 'symlink' | 'other'
  readonly uid: number
  readonly gid: number
  /** Permission bits with the sticky bit: 0o1777. */
  readonly mode: number
  readonly inode: number
  /** When it was last changed (of a directory also: what is in it), in milliseconds since 1970; undefined in memory. */
  readonly changed?: number
}

/** One name in a directory of bpffs. */
export interface DirectoryEntry {
  readonly name: string
  readonly directory: boolean
}

/**
 * The pin file system. Paths are absolute. Directories are created with mode 0700.
 */
export interface Bpffs {
  /** Id of the user who asks, who may own directories beside root. */
  readonly user: number
  /** The bpffs mount that a path is on: its mount point. Undefined when the path is on no visible bpffs. */
  mountOf(path: string): BpffsMount | undefined
  /** All mounts as they are now, for asking about many paths. */
  mounts(): Mounts
  /** Mounts a bpffs at a directory, creating it; only when a user asks. */
  mount(path: string): void
  /** Undefined when nothing is there. */
  stat(path: string): FileStat | undefined
  /** Names in a directory, sorted. ENOENT, ENOTDIR. */
  list(path: string): readonly DirectoryEntry[]
  makeDirectory(path: string): void
  /** Empty directories only: ENOTEMPTY. */
  removeDirectory(path: string): void
  unpin(path: string): void
  /** A second name of a pin by link(2), or by OBJ_GET and OBJ_PIN where protected_hardlinks forbids it. EEXIST. */
  link(from: string, to: string): void
  /** renameat2; never replaces: EEXIST when `to` exists. */
  rename(from: string, to: string): void
  /** renameat2(RENAME_EXCHANGE); both must exist. bpffs: Linux 5.16 (6.2 backports: 5.15 lacks it) else EINVAL. */
  exchange(a: string, b: string): void
  /** Replaces `to` by `from` atomically. Never for the pin of a program array: the displaced one would be emptied. */
  replace(from: string, to: string): void
  setOwnership(path: string, change: { readonly uid?: number; readonly gid?: number; readonly mode?: number }): void
  /** flock(LOCK_EX | LOCK_NB) on a directory; undefined when another process holds it. Released on dispose or death. */
  lock(directory: string): Disposable | undefined
}

/** The mounts of a moment. */
export interface Mounts {
  /** What `mountOf` would have said then. */
  of(path: string): BpffsMount | undefined
  /** Every whole bpffs that can be seen, by its mount point. */
  list(): readonly BpffsMount[]
}
