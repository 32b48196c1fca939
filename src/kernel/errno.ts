import { constants } from 'node:os'
import { KernelError } from '../model/errors.ts'
import type { VerifierLog, VerifierReport } from '../model/verifier.ts'
import { permissionHint } from './permission.ts'

/** A refusal before it has its words. */
export interface Failure {
  /** `BPF_MAP_CREATE`, `renameat2`. */
  readonly command: string
  /** The number (positive) or the name. */
  readonly errno: number | string
  /** Verb and object: `create map flows`. */
  readonly doing: string
  readonly target?: string | undefined
  /** What was asked for, as the object of the tables' sentences: `the kernel refused <asked>`. */
  readonly asked?: string | undefined
  /** What is wrong, where the caller knows it better than the tables below. */
  readonly what?: string | undefined
  readonly hint?: string | undefined
  readonly code?: string | undefined
  readonly log?: VerifierLog | undefined
  readonly verifier?: VerifierReport | undefined
  readonly cause?: unknown
}

interface Meaning {
  readonly what: string
  readonly hint?: string
}

/** A KernelError with its sentence: `cannot <doing>: <what> (<command>: <errno>)`. */
export function kernelError(failure: Failure): KernelError {
  const errno = typeof failure.errno === 'number' ? errnoName(failure.errno) : failure.errno
  const meaning = meaningOf(failure.command, errno)
  const hint = failure.hint ?? meaning.hint ?? (isPermission(errno) ? permissionHint() : undefined)
  return new KernelError(
    `cannot ${failure.doing}: ${failure.what ?? meaning.what.replace('%', failure.asked ?? 'the request')} (${failure.command}: ${errno})`,
    {
      code: failure.code ?? codes[errno] ?? 'K001',
      command: failure.command,
      errno,
      ...(failure.target === undefined ? {} : { target: failure.target }),
      ...(failure.log === undefined ? {} : { log: failure.log }),
      ...(failure.verifier === undefined ? {} : { verifier: failure.verifier }),
      ...(hint === undefined ? {} : { hint }),
      ...(failure.cause === undefined ? {} : { cause: failure.cause }),
    },
  )
}

/** The name of a positive errno: `EPERM`; `E524` style for one that nobody named. */
export const errnoName = (errno: number): string => names.get(errno) ?? `E${errno}`

/** The positive number of an errno's name. */
export const errnoNumber = (name: ErrnoName): number => constants.errno[name]

export type ErrnoName = keyof typeof constants.errno

/** Runs a node:fs call; its error becomes a KernelError. */
export function withErrno<T>(doing: string, target: string, call: () => T): T {
  try {
    return call()
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException
    throw kernelError({ command: syscall ?? 'open', errno: code ?? 'EIO', doing, target, cause })
  }
}

const isPermission = (errno: string): boolean => errno === 'EPERM' || errno === 'EACCES'

const aliases = new Set(['EWOULDBLOCK', 'ENOTSUP'])

const names = new Map<number, string>(
  // The aliases EWOULDBLOCK and ENOTSUP come after the names that people know; the first one of a number stays.
  Object.entries(constants.errno)
    .sort(([a], [b]) => Number(aliases.has(a)) - Number(aliases.has(b)))
    .reverse()
    .map(([name, number]) => [number, name]),
).set(524, 'ENOTSUPP')

/**
 * Codes by errno. K001 any other; K100 the verifier refused a program; K101 a link no longer runs the expected program;
 * K103 no tracefs; K104 no addon; K105 no name in the kernel's BTF; K106 a size that does not fit the map; K107 a path that
 * cannot be a pin; K108 no grace period; K109 a program that needs a type or field that the kernel does not have.
 */
const codes: Readonly<Record<string, string>> = {
  ENOENT: 'K002',
  E2BIG: 'K007',
  ENOMEM: 'K012',
  EPERM: 'K013',
  EACCES: 'K013',
  EBUSY: 'K016',
  EEXIST: 'K017',
  ENODEV: 'K019',
  ENOTDIR: 'K020',
  EISDIR: 'K021',
  EINVAL: 'K022',
  EMFILE: 'K024',
  ENFILE: 'K024',
  ENOSPC: 'K028',
  ENOSYS: 'K038',
  ENOTEMPTY: 'K039',
  ENOLINK: 'K067',
  EOPNOTSUPP: 'K095',
  ENOTSUPP: 'K095',
}

const meaningOf = (command: string, errno: string): Meaning =>
  meanings[`${command} ${errno}`] ?? meanings[errno] ?? { what: `the kernel answered ${errno}` }

/** What an errno means, in general and (with the command in front) for one command. */
const meanings: Readonly<Record<string, Meaning>> = {
  EPERM: { what: 'not permitted' },
  EACCES: { what: 'permission denied' },
  ENOENT: { what: 'there is no such object' },
  EEXIST: { what: 'it exists already' },
  EBUSY: { what: 'it is in use' },
  EINVAL: { what: 'the kernel refused an argument' },
  E2BIG: { what: 'the kernel does not know all of the request', hint: 'this kernel is older than the feature needs' },
  ENOMEM: { what: 'the kernel has not enough memory for it' },
  ENODEV: { what: 'there is no such device' },
  ENOTDIR: { what: 'a part of the path is not a directory' },
  ENOTEMPTY: { what: 'the directory is not empty' },
  EMFILE: { what: 'this process has too many open descriptors', hint: 'raise the limit with ulimit -n' },
  ENOSPC: { what: 'there is no room' },
  ENOSYS: { what: 'this kernel has no such system call', hint: 'a kernel with CONFIG_BPF_SYSCALL=y is needed' },
  ENOLINK: { what: 'its device, cgroup or namespace is gone', hint: 'the link has to be made again' },
  EOPNOTSUPP: { what: 'the kernel does not support it' },
  ENOTSUPP: { what: 'the kernel does not support it' },

  'BPF_MAP_CREATE EINVAL': {
    what: 'the kernel refused %',
    hint: 'compare key, value, max_entries and map_flags with what this map type allows on this kernel',
  },
  'BPF_MAP_CREATE E2BIG': { what: 'the kernel refused %', hint: 'lower max_entries or the size of the value' },
  'BPF_MAP_CREATE ENOMEM': { what: 'the kernel has no memory for %', hint: 'lower max_entries' },
  'BPF_PROG_LOAD EINVAL': {
    what: 'the kernel refused its type, attach type or flags',
    hint: 'this kernel may be older than they are',
  },
  'BPF_PROG_LOAD EFAULT': {
    what: "the kernel's own verifier failed",
    hint: 'that is a defect of this kernel: try a newer one, and report it with the object',
  },
  'BPF_PROG_LOAD E2BIG': { what: 'the program is too long or too complex' },
  'BPF_PROG_LOAD EACCES': { what: 'the verifier rejected it' },
  'BPF_LINK_CREATE EBUSY': {
    what: 'another program is attached there',
    hint: 'see who holds the place: bpftool net show, bpftool link show',
  },
  'BPF_LINK_CREATE EEXIST': {
    what: 'the program, or another one, is attached there already',
    hint: 'see who holds the place: bpftool net show, bpftool link show',
  },
  'BPF_LINK_CREATE EOPNOTSUPP': {
    what: 'the kernel, or the driver of the interface, does not support it',
    hint: 'a driver without XDP of its own takes mode: generic',
  },
  'BPF_LINK_CREATE EINVAL': { what: 'the program does not fit this place, or the kernel has no such link' },
  'BPF_LINK_UPDATE EPERM': {
    what: 'it does not run the expected program any more',
    hint: 'somebody changed it after the plan was made: plan again',
  },
  'BPF_LINK_UPDATE EINVAL': { what: 'a link of this kind, or this program, cannot be switched' },
  'BPF_OBJ_PIN EEXIST': { what: 'the path is taken' },
  'BPF_OBJ_PIN EPERM': { what: 'the path is not on a bpffs, or its name holds a dot' },
  'BPF_OBJ_PIN ENOENT': { what: 'its directory does not exist' },
  'BPF_OBJ_GET EACCES': { what: 'it is no pin, or not readable' },
  'BPF_OBJ_GET EINVAL': { what: 'it is no pin' },
  'BPF_OBJ_GET ENOENT': { what: 'nothing is pinned there' },
  'BPF_MAP_UPDATE_ELEM E2BIG': { what: 'the key is out of range, or the map is full' },
  'BPF_MAP_UPDATE_ELEM EINVAL': {
    what: 'the kernel refused the key or the value',
    hint: 'members of a program array must agree on program type and attach type',
  },
  'BPF_MAP_UPDATE_ELEM EPERM': { what: 'the map is frozen or read-only' },
  'BPF_MAP_UPDATE_BATCH E2BIG': { what: 'the map is full', hint: 'raise max_entries' },
  'BPF_MAP_UPDATE_BATCH ENOSPC': { what: 'the map is full', hint: 'raise max_entries' },
  'BPF_MAP_UPDATE_BATCH EPERM': { what: 'the map is frozen or read-only' },
  'BPF_MAP_FREEZE EBUSY': { what: 'the map is frozen already, or mapped writable' },
  'renameat2 EINVAL': { what: 'this kernel cannot exchange paths on bpffs', hint: 'Linux 5.16 or newer is needed' },
}
