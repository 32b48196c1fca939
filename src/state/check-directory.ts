import { dirname } from 'node:path'
import type { FileStat, Mounts } from '../kernel/files.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { isRecord } from '../kernel/record-map.ts'
import { PlanError } from '../model/errors.ts'

/** Where a stack lies, and who may own the directories on the way. */
export interface DirectoryCheck {
  /** Absolute path of the stack's directory; need not exist. */
  readonly path: string
  /** User ids that may own directories; default: root and the user of this process. */
  readonly owners?: readonly number[]
  /** The mounts, read before; default: read them. */
  readonly mounts?: Mounts
}

/**
 * Refuses a place for pins that is not on a usable bpffs, or in which others could exchange them: every directory below
 * the mount's root must be a real one, ours, and closed to writes by group and others. Returns what stat(2) says of it,
 * undefined where it does not exist. Throws PlanError P201 or P202.
 */
export function checkDirectory(kernel: Kernel, check: DirectoryCheck): FileStat | undefined {
  const { path, owners = [0, kernel.bpffs.user], mounts = kernel.bpffs.mounts() } = check
  const mount = mounts.of(path)
  if (!mount) throw noBpffs(path)
  if (mount.problem !== undefined) throw new PlanError(`cannot use ${path}: ${mount.problem}`, unusableMount)
  let stat: FileStat | undefined
  for (const directory of directoriesBetween(mount.mountPoint, path)) {
    stat = kernel.bpffs.stat(directory)
    if (!stat) return undefined
    const problem = whyUnsafe(stat, owners)
    if (problem) throw unsafe(directory, problem, stat)
  }
  return stat
}

/** The directory of the stack that a directory lies in or is, as far as one can tell by its record. */
export function stackAround(kernel: Kernel, directory: string): string | undefined {
  const mountPoint = kernel.bpffs.mountOf(directory)?.mountPoint ?? directory
  return directoriesBetween(mountPoint, directory).find((at) => holdsRecord(kernel, at))
}

/** Which directories count as stacks. */
export interface StackSearch {
  /** Also those that have lost their record: what is pinned in them looks like a live tree; default: false. */
  readonly withoutRecord?: boolean
}

/** Names of the stacks below a bpffs root, sorted: directories that hold a live or staged tree with a record. */
export function listStacks(kernel: Kernel, bpffs: string, { withoutRecord = false }: StackSearch = {}): string[] {
  const isStack = (path: string): boolean =>
    holdsRecord(kernel, path) || (withoutRecord && holdsUnrecordedTree(kernel, path))
  return kernel.bpffs
    .list(bpffs)
    .filter((entry) => entry.directory && isStack(`${bpffs}/${entry.name}`))
    .map((entry) => entry.name)
}

const usualRoot = '/sys/fs/bpf'

const isBelow = (root: string, path: string): boolean => path === root || path.startsWith(`${root}/`)

const noBpffs = (path: string): PlanError =>
  new PlanError(`cannot use ${path}: no bpffs is mounted there`, {
    code: 'P201',
    hint: isBelow(usualRoot, path)
      ? `mount one with \`mount -t bpf bpf ${usualRoot}\`, or let pinfold do it with --mount-bpffs`
      : `name a directory of a bpffs that is mounted (\`grep bpf /proc/self/mountinfo\` lists them), or mount one there, as --mount-bpffs does for --bpffs`,
  })

const unusableMount = {
  code: 'P201',
  hint: '`grep bpf /proc/self/mountinfo` lists the mounts; name another directory with --bpffs, or unmount what is in the way',
} as const

/** Parents first, without the root itself, which is sticky and open to everybody. */
function directoriesBetween(root: string, path: string): string[] {
  const found: string[] = []
  for (let at = path; at !== root && at.length > root.length; at = dirname(at)) found.unshift(at)
  return found
}

function whyUnsafe(stat: FileStat, owners: readonly number[]): string | undefined {
  if (stat.kind !== 'directory')
    return `it is a ${stat.kind === 'symlink' ? 'symbolic link' : stat.kind}, not a directory`
  if (!owners.includes(stat.uid)) return `it belongs to user ${stat.uid}`
  if (stat.mode & 0o022) return `group or others may write to it (mode 0${(stat.mode & 0o7777).toString(8)})`
  return undefined
}

const unsafe = (directory: string, problem: string, { kind }: FileStat): PlanError =>
  new PlanError(`cannot trust ${directory}: ${problem}`, {
    code: 'P202',
    hint:
      kind === 'directory'
        ? 'make sure that nobody else put pins there, then `chown` it to root and `chmod 0700` it, or choose another name'
        : 'somebody else has taken the name: choose another one for the stack, or remove what is there',
  })

const holdsRecord = (kernel: Kernel, directory: string): boolean =>
  ['live', 'next'].some(
    (tree) =>
      kernel.bpffs.stat(`${directory}/${tree}/record`)?.kind === 'pin' &&
      isRecord(kernel.describePin(`${directory}/${tree}/record`)),
  )

/** Not in a directory that others may write to: that is no stack's, and a neighbour could make one so that every listing fails. */
function holdsUnrecordedTree(kernel: Kernel, directory: string): boolean {
  const { bpffs } = kernel
  const isOurs = (path: string): boolean => {
    const stat = bpffs.stat(path)
    return stat !== undefined && whyUnsafe(stat, [0, bpffs.user]) === undefined
  }
  if (!isOurs(directory) || !isOurs(`${directory}/live`)) return false
  const folders = ['maps', 'programs', 'links'].map((folder) => `${directory}/live/${folder}`).filter(isOurs)
  return folders.some((folder) => bpffs.list(folder).some((entry) => !entry.directory))
}
