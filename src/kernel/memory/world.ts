import type { LinkTarget } from '../../model/link-spec.ts'
import type { MapShape } from '../../model/map-spec.ts'
import type { LoadAttributes } from '../../model/program-spec.ts'
import type { Hex } from '../../util/hex.ts'
import type { BpffsMount } from '../files.ts'
import type { HostIdentity } from '../host.ts'
import type { SavedProcess } from '../host-snapshot.ts'
import type { FdKind, KernelIdentity, LinkInfo, LinkTargetInfo, MapInfo, ProgramInfo } from '../kernel.ts'

/**
 * Everything that outlives a process on a machine in memory, as plain data that is changed in place. Reference counts are
 * those of the kernel: `references` of everyone, `users` of descriptors and pins only.
 */
export interface World {
  readonly options: WorldOptions
  /** The last number given out of each sequence; none is used twice. */
  readonly last: Record<Sequence, number>
  readonly objects: {
    readonly map: Map<number, MapObject>
    readonly program: Map<number, ProgramObject>
    readonly link: Map<number, LinkObject>
    readonly btf: Map<number, BtfObject>
  }
  readonly inodes: Map<number, Inode>
  /** Root inode of each bpffs by its mount point. */
  readonly mounts: Map<string, number>
  /** Numbers of the names that somebody asked for, or that exist from the start; 0 for those that were removed. */
  readonly names: Record<NameSpace, Map<string, number>>
  readonly attachments: Attachment[]
  /** Program arrays that lost their last user and wait for the clear; each holds one reference. */
  readonly pendingClears: number[]
  /** What processes hold that are no part of this world: each row is a user's reference. Empty but for another machine's world. */
  readonly outside: readonly ObjectName[]
}

export type Sequence = FdKind | 'inode' | 'process' | NameSpace
/** What has a number outside the world of bpf objects. */
export type NameSpace = 'interface' | 'cgroup' | 'namespace'

export interface WorldOptions {
  readonly release: string
  readonly possibleCpus: number
  /** Absent: a boot that never ends. */
  readonly bootId?: string
  /** Absent: a host named `memory`, the same everywhere. */
  readonly host?: HostIdentity
  /** Absent: bpffs can exchange, as from Linux 5.16. */
  readonly withoutExchange?: true
  /** Names that exist; a list that is absent lets every name exist. */
  readonly exist: Partial<Record<NameSpace | 'tracepoint', readonly string[]>>
  /** Absent: a machine that was never anywhere else. */
  readonly origin?: Origin
}

/** What another machine said of itself, of which this world is a copy. */
export interface Origin {
  readonly identity: KernelIdentity
  /** Milliseconds since its boot when it was copied. */
  readonly sinceBoot: number
  /** Id of the user who copied it. */
  readonly user: number
  readonly mounts: readonly BpffsMount[]
  /** Directories below which every cgroup, and every file of a namespace, is known by name. */
  readonly roots: Record<'cgroup' | 'namespace', readonly string[]>
  /** Where only part of the cgroups are known. */
  readonly moreCgroups?: true
  /** Nothing tells which tracepoints it has. */
  readonly withoutTracefs?: true
  readonly processes: readonly SavedProcess[]
}

export interface Counted {
  readonly id: number
  references: number
}

export interface MapObject extends Counted {
  readonly kind: 'map'
  readonly name: string
  readonly shape: MapShape
  readonly btfId: number
  readonly keyTypeId: number
  readonly valueTypeId: number
  /** Descriptors and pin inodes. */
  users: number
  frozen: boolean
  /** Values as bytes; those of maps that hold programs or maps are the id in four bytes. An array's zeros are not stored. */
  readonly entries: Map<Hex, Uint8Array>
  /** Of a struct_ops map that is written: ids of programs by byte offset in its value. */
  members?: readonly (readonly [at: number, program: number])[]
  /** Which programs a program array takes: fixed by the first that is inserted or loaded with it. */
  owner: string | undefined
  /** What another machine said of it. */
  readonly told?: MapInfo
  /** Only some of its entries are known: those that are here. */
  readonly partial?: PartialEntries
}

/** How much is missing. */
export interface PartialEntries {
  /** How many entries there are; absent where nobody counted. */
  readonly count?: number
}

export interface ProgramObject extends Counted {
  readonly kind: 'program'
  readonly name: string
  readonly load: LoadAttributes
  readonly tag: string
  readonly mapIds: readonly number[]
  /** The program that it extends or traces. */
  readonly extended?: number
  readonly btfId: number
  /** Nanoseconds after boot. */
  readonly loadedAt: number
  /** Bytes. */
  readonly size: number
  /** What another machine said of it: then `load` has no more than its type. */
  readonly told?: ProgramInfo
}

export interface LinkObject extends Counted {
  readonly kind: 'link'
  /** 0 of struct_ops. */
  programId: number
  readonly type: string
  readonly target: LinkTargetInfo
  /** The hook within the target that it occupies: `xdp:2:native`. */
  readonly hook: string
  /** The map of an iterator, or the one that a struct_ops runs. */
  mapId: number | undefined
  severed: boolean
  /** What another machine said of it. */
  readonly told?: LinkInfo
}

export interface BtfObject extends Counted {
  readonly kind: 'btf'
}

/** A program attached without a link, or to a sockmap (then by the map's id). */
export interface Attachment {
  readonly programId: number
  readonly target: LinkTarget | { readonly kind: 'sockmap'; readonly mapId: number }
}

export type WorldObject = MapObject | ProgramObject | LinkObject | BtfObject

/** Which object something refers to. */
export interface ObjectName {
  readonly kind: FdKind
  readonly id: number
}

export interface Inode {
  readonly number: number
  uid: number
  gid: number
  mode: number
  /** Names that lead to it; an open directory outlives them. */
  names: number
  /** Of another machine's, in milliseconds since 1970. */
  readonly changed?: number
  readonly content: DirectoryContent | PinContent | SymlinkContent | UnreadContent
}

export interface DirectoryContent {
  readonly kind: 'directory'
  readonly entries: Map<string, number>
}

export interface PinContent {
  readonly kind: 'pin'
  readonly object: ObjectName
}

/** What it leads to is known where that is an object. */
export interface SymlinkContent {
  readonly kind: 'symlink'
  readonly object?: ObjectName
}

/** A pin of another machine's that could not be opened there. */
export interface UnreadContent {
  readonly kind: 'unread'
  readonly errno: string
}

export type Directory = Inode & { readonly content: DirectoryContent }

/** An empty world: no object, no mount. */
export function createWorld(options: WorldOptions): World {
  return {
    options,
    last: { map: 0, program: 0, link: 0, btf: 0, inode: 1, process: 0, interface: 1, cgroup: 1, namespace: 4026531839 },
    objects: { map: new Map(), program: new Map(), link: new Map(), btf: new Map() },
    inodes: new Map(),
    mounts: new Map(),
    names: { interface: new Map([['lo', 1]]), cgroup: new Map(), namespace: new Map() },
    attachments: [],
    pendingClears: [],
    outside: [],
  }
}

/** The next number of a sequence. */
export const nextNumber = (world: World, sequence: Sequence): number => ++world.last[sequence]
