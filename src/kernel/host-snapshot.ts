import { createHash } from 'node:crypto'
import type { LinkTarget } from '../model/link-spec.ts'
import type { Hex } from '../util/hex.ts'
import type { Milliseconds } from '../util/measure.ts'
import type { AttachPlaces } from './attach-places.ts'
import { kernelError } from './errno.ts'
import type { BpffsMount } from './files.ts'
import type { KernelIdentity, LinkInfo, MapInfo, ObjectKind, ProgramInfo } from './kernel.ts'

/** The layout of a HostSnapshot; documents of another one are refused. */
export const snapshotVersion = 1

/**
 * All that plans are made from of a machine at some moment, as JSON-able data: openMemoryMachine makes a machine of it that
 * answers what that one would have answered, or says that it does not know.
 */
export interface HostSnapshot extends SnapshotContent {
  /** SHA-256 of the rest of the document. */
  readonly digest: string
}

export interface SnapshotContent {
  readonly type: 'snapshot'
  /** The layout: documents of another one are refused. */
  readonly version: typeof snapshotVersion
  /** What took it: `pinfold 0.1.0`. */
  readonly tool: string
  /** When: ISO 8601, UTC. */
  readonly time: string
  /** Absolute path of the bpffs root that it was taken of. */
  readonly bpffs: string
  /** The kernel, and the host that it runs on. */
  readonly kernel: KernelIdentity
  /** Absent: nothing is known of what code is linked to, and it stays as compiled. */
  readonly machine?: SavedMachine
  /** How long the kernel had been running, in milliseconds. */
  readonly sinceBoot: Milliseconds
  /** Id of the user who took it. */
  readonly user: number
  /** Every visible mount of a bpffs. */
  readonly mounts: readonly BpffsMount[]
  /** What lies on each bpffs, by its mount point. */
  readonly files: Readonly<Record<string, SavedDirectory>>
  /** What the kernel says of every map. */
  readonly maps: readonly MapInfo[]
  /** What the kernel says of every program. */
  readonly programs: readonly ProgramInfo[]
  /** What the kernel says of every link. */
  readonly links: readonly LinkInfo[]
  /** What is in maps, by id. Of maps that are not listed nothing is known. */
  readonly contents: Readonly<Record<string, SavedContents>>
  /** Programs that are attached without a link. */
  readonly attachments: readonly SavedAttachment[]
  /** What programs can be attached to, by name. */
  readonly places: AttachPlaces
  /** Who has descriptors of what, as far as that could be seen. */
  readonly processes: readonly SavedProcess[]
}

/** A program that is attached without a link. */
export interface SavedAttachment {
  /** Kernel id of the program. */
  readonly programId: number
  readonly target: LinkTarget
}

/** A process that has descriptors of maps, programs or links. */
export interface SavedProcess {
  readonly id: number
  readonly name?: string
  /** Kind and id of what it has open. */
  readonly objects: readonly (readonly [kind: ObjectKind, id: number])[]
}

/** What a kernel says of itself. */
export interface SavedMachine {
  /** As `uname -r` has it. */
  readonly release: string
  /** LINUX_VERSION_CODE. */
  readonly version: number
  /** Text of the configuration; absent where it could not be read. */
  readonly config?: Packed
  /** Constants of bpf(2) that it surely does not have, of those that pinfold knows; absent: none. */
  readonly lacking?: readonly string[]
  /** Absent: not asked for, so that nothing is known of the kernel's types and symbols. */
  readonly types?: SavedTypes
}

/** The kernel's types and symbols, by which code is linked to it. */
export interface SavedTypes {
  /** Absent: the kernel has no BTF. */
  readonly vmlinux?: Packed
  /** BTF of modules by name, sorted. */
  readonly modules: Readonly<Record<string, Packed>>
  /** Text of /proc/kallsyms; absent where it could not be read. */
  readonly symbols?: Packed
}

/** Bytes compressed by brotli, as base64. */
export type Packed = string

/** A directory of a bpffs. */
export interface SavedDirectory extends SavedFile {
  /** What is in it, by name. */
  readonly entries: Readonly<Record<string, SavedDirectory | SavedPin>>
}

/** A pin, a symbolic link to one (or to a directory: then without an object), or what could not be opened. */
export interface SavedPin extends SavedFile {
  /** Kind and id of what is pinned. */
  readonly object?: readonly [kind: ObjectKind, id: number]
  /** It is a symbolic link. */
  readonly symlink?: true
  /** Why it could not be opened. */
  readonly errno?: string
}

interface SavedFile {
  /** Absent: root. */
  readonly uid?: number
  /** The group; absent: root. */
  readonly gid?: number
  /** Permission bits. */
  readonly mode: number
  /** The same number within one bpffs is the same file. */
  readonly inode: number
  /** Milliseconds since 1970. */
  readonly changed?: number
}

/** What is in a map. */
export interface SavedContents {
  /** Keys in hexadecimal with values in base64 (behind a `~` compressed by brotli), in the order of a walk; an array's zeros are left out where it is complete. */
  readonly entries: readonly (readonly [key: Hex, value: SavedBytes])[]
  /** There are more; how many in all, where they were counted. */
  readonly partial?: { readonly count?: number }
  /** Of a struct_ops map: ids of programs by byte offset in its value. */
  readonly members?: readonly (readonly [at: number, program: number])[]
}

/** Base64; behind a `~` compressed by brotli. */
export type SavedBytes = string

/** Adds the digest by which damage is noticed; it is no signature. */
export const sealSnapshot = (content: SnapshotContent): HostSnapshot => ({ ...content, digest: digestOf(content) })

/**
 * What was parsed from a file (`name`) as the snapshot that it has to be. Throws KernelError: K115 for anything else, and where a byte
 * of it was changed; K116 for one of another version.
 */
export function checkSnapshot(data: unknown, name = 'the snapshot'): HostSnapshot {
  const refuse = (code: 'K115' | 'K116', what: string): never => {
    const hint = 'take it again: pinfold snapshot'
    throw kernelError({ command: 'restore', errno: 'EINVAL', doing: `use ${name}`, what, hint, code })
  }
  if (!isSnapshot(data)) return refuse('K115', 'it is no snapshot of a host')
  if (data.version !== snapshotVersion) {
    const what = `it has layout ${data.version} (${data.tool}), and this pinfold reads layout ${snapshotVersion}`
    return refuse('K116', what)
  }
  const { digest, ...content } = data
  return digest === digestOf(content) ? data : refuse('K115', 'it was changed after it had been taken')
}

/** True for what calls itself a snapshot of a host. */
export const isSnapshot = (data: unknown): data is HostSnapshot =>
  typeof data === 'object' && data !== null && 'type' in data && data.type === 'snapshot' && 'version' in data

const digestOf = (content: SnapshotContent): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex')
