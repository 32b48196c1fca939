import { kernelError } from '../errno.ts'

/** The errnos that a machine in memory answers with. */
export type Errno =
  | 'E2BIG'
  | 'EACCES'
  | 'EBUSY'
  | 'EEXIST'
  | 'EINVAL'
  | 'EISDIR'
  | 'ENAMETOOLONG'
  | 'ENODEV'
  | 'ENOENT'
  | 'ENOLINK'
  | 'ENOSPC'
  | 'ENOTDIR'
  | 'ENOTEMPTY'
  | 'ENOTSUPP'
  | 'EOPNOTSUPP'
  | 'EPERM'
  | 'EXDEV'

/** Throws the KernelError of a refused command. */
export function refuse(command: string, errno: Errno, target: string): never {
  const doing = `${verbs[command] ?? `run ${command} on`} ${target}`
  const code = codes[`${command} ${errno}`]
  const hint = hints[`${command} ${errno}`] ?? (errno === 'EPERM' ? hintOfEperm : undefined)
  throw kernelError({ command, errno, doing, target, hint, code })
}

/** Codes that LinuxKernel gives where the errno alone does not tell. */
const codes: Readonly<Record<string, string>> = { 'BPF_LINK_UPDATE EPERM': 'K101' }
const hints: Readonly<Record<string, string>> = {
  'BPF_LINK_UPDATE EPERM': 'somebody changed it after the plan was made: plan again',
}
// The usual hint tells what this process lacks, but here it has every privilege.
const hintOfEperm = 'the kernel in memory answers as Linux answers root: no privilege is missing, the request is wrong'

const verbs: Readonly<Record<string, string>> = {
  BPF_MAP_CREATE: 'create map',
  BPF_PROG_LOAD: 'load program',
  BPF_BTF_LOAD: 'load',
  BPF_LINK_CREATE: 'attach to',
  BPF_RAW_TRACEPOINT_OPEN: 'attach to',
  BPF_LINK_UPDATE: 'update',
  BPF_OBJ_GET: 'open',
  BPF_OBJ_PIN: 'pin at',
  BPF_MAP_LOOKUP_ELEM: 'look up in',
  BPF_MAP_UPDATE_ELEM: 'update',
  BPF_MAP_DELETE_ELEM: 'remove from',
  BPF_MAP_FREEZE: 'freeze',
  renameat2: 'rename',
  linkat: 'link',
  unlink: 'remove',
  rmdir: 'remove',
  mkdir: 'create',
  readdir: 'list',
  stat: 'read',
  chmod: 'change',
  flock: 'lock',
}
