import type { BtfId, LinkId, MapId, ProgramId } from '../model/ids.ts'
import type { CgroupOrder, LinkTarget } from '../model/link-spec.ts'
import type { Machine } from '../model/machine.ts'
import type { MapShape } from '../model/map-spec.ts'
import type { MapType } from '../model/map-types.ts'
import type { AttachType, ProgramType } from '../model/program-types.ts'
import type { ArenaPlaces } from './arena.ts'
import type { AttachPlaces } from './attach-places.ts'
import type { AddedInteger, Adder, EntryBatch } from './entries.ts'
import type { Bpffs, DirectoryEntry } from './files.ts'
import type { HostIdentity } from './host.ts'
import type { ProgramLoad } from './program-load.ts'

/**
 * The world below: everything pinfold asks of a kernel. `LinuxKernel` makes system calls, `MemoryKernel` plays the same
 * rules in memory, and one contract suite runs on both. Every method throws a KernelError that names the command, the
 * errno and the object; nothing here decides policy.
 */
export interface Kernel {
  readonly identity: KernelIdentity
  /** What code is linked to; undefined where nothing is known of the kernel, as in a rehearsal: then code stays as compiled. */
  readonly machine: Machine | undefined
  /** The pin file system that this process sees. */
  readonly bpffs: Bpffs

  /** BPF_MAP_CREATE. */
  createMap(request: MapCreate): Fd<'map'>
  /** BPF_PROG_LOAD: runs the verifier, on a thread of its own. A refusal's KernelError carries the log. */
  loadProgram(request: ProgramLoad): Promise<Fd<'program'>>
  /** BPF_BTF_LOAD. Linux 4.18. */
  loadBtf(bytes: Uint8Array): Fd<'btf'>
  /** BPF_LINK_CREATE (raw tracepoints: BPF_RAW_TRACEPOINT_OPEN; tracepoints: a perf event first). */
  createLink(request: LinkCreate): Fd<'link'>
  /** BPF_LINK_UPDATE with BPF_F_REPLACE: EPERM when the link does not run `expected`, ENOLINK when it is severed. */
  updateLink(link: Fd<'link'>, change: LinkUpdate): void

  /** BPF_*_GET_FD_BY_ID; ENOENT when no such object lives. */
  openById<K extends ObjectKind>(kind: K, id: number): Fd<K>
  /** BPF_OBJ_GET of a pin of any kind. ENOENT, EACCES; EINVAL or EPERM for a file that is no pin. */
  openPin(path: string): Fd<ObjectKind>
  /** Open, describe and close a pin in one go. */
  describePin(path: string): ObjectInfo
  /** Everything in a directory of pins, sorted by name. ENOENT and ENOTDIR of the directory, EACCES of a pin. */
  describePins(directory: string): readonly PinEntry[]
  /** Asks about what is pinned in directories ahead of `describePins`, beside what this thread does; done when answered. */
  readAhead(directories: readonly string[]): Promise<void>
  /** BPF_OBJ_GET_INFO_BY_FD; `frozen: false` spares the look into fdinfo, which costs more than the rest. */
  describe(fd: Fd<ObjectKind>, options?: { readonly frozen: boolean }): ObjectInfo
  /** The id alone, for a small part of the time. */
  idOf(fd: Fd<ObjectKind>): number
  /** Every living id of a kind, ascending (BPF_*_GET_NEXT_ID; CAP_SYS_ADMIN). */
  ids(kind: ObjectKind): number[]
  /**
   * Programs attached to a target without a link (PROG_ATTACH, netlink XDP, tc), where the kernel tells; `links` are all of
   * the system, where they are known already.
   */
  attachedWithoutLink(target: LinkTarget, links?: readonly LinkInfo[]): ProgramId[]
  /** Programs on any interface of this network namespace, by XDP (with or without a link) or in a tc filter. */
  programsOnInterfaces(): ProgramId[]

  /** BPF_MAP_LOOKUP_ELEM; undefined for ENOENT. Per-CPU values: one per possible CPU, each padded to 8 bytes. */
  lookup(map: Fd<'map'>, key: Uint8Array): Uint8Array | undefined
  /** BPF_MAP_UPDATE_ELEM. For maps that hold programs or maps pass the Fd as value. */
  update(map: Fd<'map'>, key: Uint8Array, value: Uint8Array | Fd<'program'> | Fd<'map'>, mode?: UpdateMode): void
  /**
   * Writes a struct_ops map, once and for all: its value in the kernel's layout, programs by byte offset. One without
   * BPF_F_LINK (Linux 6.4) is registered by that; any other waits for its link.
   */
  writeMembers(map: Fd<'map'>, value: Uint8Array, programs: ReadonlyMap<number, Fd<'program'>>): void
  /** The programs in a struct_ops map by byte offset in its value; none before it is written. */
  membersOf(map: Fd<'map'>): ReadonlyMap<number, ProgramId>
  /** The byte of an arena at which variables that take so many bytes begin: on its last pages, on its first before Linux 7.0. */
  arenaStart(map: Fd<'map'>, variables: number): number
  /** True where loaded code names variables of an arena at these places, and nowhere else in it; false also where none can tell. */
  namesPlaces(program: Fd<'program'>, arena: Fd<'map'>, places: ArenaPlaces): boolean
  /** Writes the variables of an arena, all of them. Linux 6.9. */
  writeArena(map: Fd<'map'>, bytes: Uint8Array): void
  /** BPF_MAP_DELETE_ELEM; false for ENOENT. */
  remove(map: Fd<'map'>, key: Uint8Array): boolean
  /** Every key at some moment; may miss or repeat keys that change meanwhile. */
  keys(map: Fd<'map'>): Iterable<Uint8Array>
  /**
   * Every entry at some moment, many at a time (BPF_MAP_LOOKUP_BATCH; key by key where kernel or type have none). What is
   * there all the while is not missed, and no key comes twice. The buffers are the next batch's, too.
   */
  entries(map: Fd<'map'>): Iterable<EntryBatch>
  /** BPF_MAP_UPDATE_BATCH, or one by one: entries that are there are replaced. Those before a refused one are written. */
  writeEntries(map: Fd<'map'>, batch: EntryBatch): void
  /** Makes what adds to integers in a map's entries while programs do the same. Linux 5.14 (BPF_PROG_TYPE_SYSCALL). */
  openAdder(request: AdderRequest): Promise<Adder>
  /** BPF_MAP_FREEZE: no more writes from user space. Linux 5.2. EBUSY while mapped writable. */
  freeze(map: Fd<'map'>): void
  /** BPF_OBJ_PIN; EEXIST when the path is taken. */
  pin(fd: Fd<ObjectKind>, path: string): void

  /** Ids of the processes that have a descriptor of an object, by kind and id; this one, too. What cannot be seen is left out. */
  descriptors(): Descriptors
  /** Name of a process; undefined where it has ended, or has none. */
  processName(id: number): string | undefined

  /** Waits until no CPU is inside a non-sleepable program that started before the call (an RCU grace period). */
  waitForReaders(): Promise<void>

  /** Milliseconds since boot, suspended time included: nobody can set this clock. */
  sinceBoot(): number

  /** Index of a network interface of this network namespace; undefined when there is none of that name. */
  interfaceIndex(name: string): number | undefined
  /** Name of an interface of this network namespace; undefined when there is none of that index. */
  interfaceName(ifindex: number): string | undefined
  /** Id of a cgroup v2 directory. Undefined: no such directory, or not cgroup2 (then `cgroupVersion` says 1). */
  cgroupId(path: string): number | undefined
  /** Path of a cgroup on the first cgroup2 mount that has it; undefined when none has. Walks directories: slow. */
  cgroupPath(id: number): string | undefined
  /** Inode of a network namespace file, undefined when it is none. */
  namespaceInode(path: string): number | undefined
  /** True when the tracepoint exists; undefined when that cannot be known (no tracefs). */
  hasTracepoint(category: string, name: string): boolean | undefined

  /** Everything that programs can be attached to and that has a name. Walks directories: slow. */
  places(): Promise<AttachPlaces>

  /** Descriptors that are open now, for leak checks. */
  openDescriptors(): number
  /** Ends the kernel; closes what is still open. */
  close(): void
}

/** Objects that have ids and pins. */
export type ObjectKind = 'map' | 'program' | 'link'
/** Objects that a descriptor can stand for. */
export type FdKind = ObjectKind | 'btf'

/** Ids of processes by the id of an object of which they have a descriptor. */
export type Descriptors = Readonly<Record<ObjectKind, ReadonlyMap<number, readonly number[]>>>

/** An open descriptor with an owner: `using fd = kernel.createMap(...)`. Closing twice is harmless. */
export interface Fd<K extends FdKind = FdKind> extends Disposable {
  readonly kind: K
  /** The descriptor; throws once it is closed. */
  readonly number: number
}

/** What tells one kernel, and one boot of it, from another. */
export interface KernelIdentity {
  readonly kind: 'linux' | 'memory'
  /** `6.18.44`. */
  readonly release: string
  /** As `uname -m` has it: `x86_64`. */
  readonly machine: string
  /** A UUID that changes with each boot, from /proc/sys/kernel/random/boot_id. */
  readonly bootId: string
  /** Which machine it runs on. Read when it is first asked for. */
  readonly host: HostIdentity
  /** How many values an element of a per-CPU map has. */
  readonly possibleCpus: number
  /** Of the machine's words. */
  readonly byteOrder: 'little' | 'big'
}

/** What BPF_MAP_CREATE is asked for. */
export interface MapCreate {
  /** Cut to 15 bytes, other characters than [A-Za-z0-9_.] replaced by `_`. */
  readonly name: string
  readonly shape: MapShape
  /** BTF of key and value, where the map type accepts it. */
  readonly btf?: { readonly fd: Fd<'btf'>; readonly keyTypeId: number; readonly valueTypeId: number }
  /** The template of an outer map. */
  readonly inner?: Fd<'map'>
  /** Of a struct_ops map (which needs `btf`): the kernel's struct, `tcp_congestion_ops`. Linux 5.6. */
  readonly structOps?: string
}

/** Where to add, and where to write down in the same instant what has been added. */
export interface AdderRequest {
  readonly map: Fd<'map'>
  /** A map of plain values: array or hash. */
  readonly journal: Fd<'map'>
  readonly integers: readonly AddedInteger[]
}

/** What a link is to run from now on, and what it has to run until then; of struct_ops maps. */
export interface LinkUpdate {
  readonly program: Fd<'program'> | Fd<'map'>
  readonly expected: Fd<'program'> | Fd<'map'>
}

/** What is attached where. */
export interface LinkCreate {
  /** Of struct_ops the map. */
  readonly program: Fd<'program'> | Fd<'map'>
  readonly target: LinkTarget
  /** The map of an `iter` target. */
  readonly map?: Fd<'map'>
}

/** BPF_ANY, BPF_NOEXIST (EEXIST where the key is there), BPF_EXIST (ENOENT where it is not). */
export type UpdateMode = 'any' | 'create' | 'replace'

/** What the kernel tells of an object by its descriptor. */
export type ObjectInfo = MapInfo | ProgramInfo | LinkInfo

/** `struct bpf_map_info`. */
export interface MapInfo {
  readonly kind: 'map'
  readonly id: MapId
  readonly name: string
  /** Undefined for a type newer than pinfold's table; `typeNumber` is always there. */
  readonly type: MapType | undefined
  /** `enum bpf_map_type`. */
  readonly typeNumber: number
  /** Without `inner`: the kernel does not tell the template. */
  readonly shape: Omit<MapShape, 'inner' | 'type'>
  /** The BTF that tells the types of key and value; 0: none. */
  readonly btfId: BtfId | 0
  /** The type of the key in it; 0: not told. */
  readonly keyTypeId: number
  /** The type of the value in it; 0: not told. */
  readonly valueTypeId: number
  /** Of a struct_ops map: the kernel's own type of its value. */
  readonly kernelValueTypeId?: number
  /** From fdinfo; undefined unless asked for by `describe`. */
  readonly frozen?: boolean
  /** What a program array takes, once its first program decided that; from fdinfo as well. */
  readonly ownerType?: ProgramType
}

/** `struct bpf_prog_info`. */
export interface ProgramInfo {
  readonly kind: 'program'
  readonly id: ProgramId
  readonly name: string
  readonly type: ProgramType | undefined
  /** `enum bpf_prog_type`. */
  readonly typeNumber: number
  /** 16 hexadecimal digits. */
  readonly tag: string
  /** Kernel ids of the maps that it uses. */
  readonly mapIds: readonly MapId[]
  /** Nanoseconds after boot. */
  readonly loadedAt: number
  readonly uid: number
  /** Its license lets it call functions that are for the GPL only. */
  readonly gplCompatible: boolean
  /** Bytes of its instructions as the kernel has them. */
  readonly translatedSize: number
  /** Bytes of machine code; 0: it is interpreted. */
  readonly jitedSize: number
  /** How many instructions the verifier looked at; 0 before Linux 5.16. */
  readonly verifiedInstructions: number
  /** Its own BTF; 0: none. */
  readonly btfId: BtfId | 0
  /** The BTF of what it attaches to; 0 where that is another program, or nothing. */
  readonly attachBtfId: BtfId | 0
}

/** `struct bpf_link_info`. */
export interface LinkInfo {
  readonly kind: 'link'
  readonly id: LinkId
  readonly programId: ProgramId
  /** `enum bpf_link_type` as bpftool prints it: xdp, tcx, cgroup, netns, perf_event, raw_tracepoint, iter, tracing, ... */
  readonly type: string
  /** Where it is attached; undefined for kinds that pinfold does not attach. Numbers are the kernel's, names looked up. */
  readonly target: LinkTargetInfo | undefined
  /** Device, cgroup or namespace is gone. */
  readonly severed: boolean
  /**
   * Of a `tracing` link: the id of the program that it extends or traces, or of the BTF that the traced function is in (then
   * the program's `attachBtfId` is that id, too).
   */
  readonly tracedId?: number
}

/** Where an iterator starts, a cgroup by its id only. */
export type IteratorStartInfo =
  | { readonly kind: 'cgroup'; readonly cgroupId: number; readonly order: CgroupOrder }
  | { readonly kind: 'pid' | 'tid'; readonly number: number }

/** What bpf_link_info tells: an xdp target without its mode; an iter's map by id; a tracepoint's category is not told. */
export type LinkTargetInfo =
  | { readonly kind: 'xdp'; readonly ifindex: number }
  | { readonly kind: 'tcx'; readonly ifindex: number; readonly direction: 'ingress' | 'egress' }
  | { readonly kind: 'cgroup'; readonly cgroupId: number; readonly attachType: AttachType }
  | { readonly kind: 'netns'; readonly inode: number; readonly attachType: 'sk_lookup' | 'flow_dissector' }
  | { readonly kind: 'tracepoint'; readonly name: string | undefined }
  | { readonly kind: 'raw_tracepoint'; readonly name: string }
  | { readonly kind: 'iter'; readonly target: string; readonly mapId?: MapId; readonly start?: IteratorStartInfo }
  | { readonly kind: 'struct_ops'; readonly mapId: MapId }

/** One name in a directory of bpffs, and what is pinned there. */
export interface PinEntry extends DirectoryEntry {
  /** Undefined for a directory, for a pin that has gone meanwhile, and for a file that is no pin of a map, program or link. */
  readonly info: ObjectInfo | undefined
}
