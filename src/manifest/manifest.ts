import type { Address } from '../model/address.ts'
import type { IteratorStart, XdpMode } from '../model/link-spec.ts'
import type { Silence } from '../model/lint-rules.ts'
import type { AttachType, ProgramType } from '../model/program-types.ts'
import type { Ownership } from '../model/state.ts'
import type { Value } from '../model/value.ts'

/** A manifest with variables filled in, defaults in place and every name bare: plain data, safe to trust. */
export interface Manifest {
  readonly version: 1
  /** The stack. */
  readonly name: string
  /** Whether the stack may not be destroyed; absent: as it was. */
  readonly protect?: boolean
  /** Former generations to keep for a rollback. */
  readonly history: number
  /** Seconds to wait for outgoing sleepable programs. */
  readonly drainSeconds: number
  /** Absent: root, 0700. */
  readonly ownership?: Ownership
  readonly objects: ReadonlyMap<string, ManifestObject>
  readonly maps: ReadonlyMap<string, ManifestMap>
  readonly programs: ReadonlyMap<string, ManifestProgram>
  readonly links: ReadonlyMap<string, ManifestLink>
  /** Further pins by their absolute path outside of the stack's directory. */
  readonly pins: ReadonlyMap<string, Address>
  readonly moved: readonly ManifestMove[]
  /** Warnings that are accepted. */
  readonly silence: readonly Silence[]
}

/** A new address for an object that stays what it is; both of one kind. */
export interface ManifestMove {
  readonly from: Address
  readonly to: Address
}

/** An object file and the values of its globals. */
export interface ManifestObject {
  readonly name: string
  /** As written: relative to the manifest's directory, or absolute. */
  readonly file: string
  readonly globals: ReadonlyMap<string, Value>
}

/** A map of the stack, or somebody else's that it uses. */
export type ManifestMap = OwnMap | ForeignMap

/** A map that the stack makes. At most one of slots, entries and inner is there. */
export interface OwnMap {
  readonly owner: 'stack'
  readonly name: string
  /** Which object declares it, where the manifest says so. */
  readonly object?: string
  readonly onChange: 'refuse' | 'replace' | 'migrate'
  /** A destroy of the stack leaves it; absent: removes it. */
  readonly onDestroy?: 'keep'
  /** Absent: keep-new. */
  readonly merge?: 'keep-new' | 'sum'
  /** Absent: refuse. */
  readonly onLossy?: 'refuse' | 'truncate'
  /** For a data section that programs may write; absent: reset. */
  readonly globals?: 'reset' | 'carry'
  readonly onSlotChange: 'replace' | 'in-place'
  readonly pin: boolean
  /** Absent: as it was. */
  readonly protect?: boolean
  readonly maxEntries?: number
  /** Bytes; for a map whose object does not say it. */
  readonly valueSize?: number
  /** The whole program array, by index; `undefined` leaves a slot empty. */
  readonly slots?: readonly (readonly [index: number, program: string | undefined])[]
  /** Entries that it must hold; others are left alone. */
  readonly entries?: readonly ManifestEntry[]
  /** Maps inside a map of maps, by index. */
  readonly inner?: readonly (readonly [index: number, map: string])[]
}

/** A map of someone else: used, held and checked; nothing of it is changed but the declared slots. */
export interface ForeignMap {
  readonly owner: 'foreign'
  readonly name: string
  readonly object?: string
  /** Where its owner has pinned it; absolute. */
  readonly pinned: string
  /** Slots of a program array that are the stack's to fill; the others are its owner's. */
  readonly slots?: OwnMap['slots']
}

/** A declared entry; its values are encoded later, by BTF. */
export interface ManifestEntry {
  readonly key: Value
  readonly value: Value
  /** Where it stands in the manifest, for `LoadedManifest.at`. */
  readonly path: Path
}

/** A declared program, which an object holds. */
export interface ManifestProgram {
  readonly name: string
  readonly object?: string
  /** Its name in the object; the same as `name` where the manifest does not say. */
  readonly function: string
  readonly type?: ProgramType
  readonly attachType?: AttachType
  readonly attachTarget?: string
  /** A declared program's name, or the absolute path of a pin. */
  readonly attachProgram?: string
  readonly sleepable?: boolean
  /** Absent: as it was. */
  readonly protect?: boolean
}

/** A declared attachment. */
export interface ManifestLink {
  readonly name: string
  /** Declared under `programs`; absent where a map is attached (struct_ops). */
  readonly program?: string
  /** Absent: the program's section says it all. */
  readonly attach?: ManifestAttach
  /** A destroy of the stack leaves it; absent: removes it. */
  readonly onDestroy?: 'keep'
  readonly onReplace: 'overlap' | 'gap'
  /** Absent: as it was. */
  readonly protect?: boolean
}

/** Where a link is attached, before interfaces, cgroups and namespaces are looked up. */
export type ManifestAttach =
  | { readonly kind: 'xdp'; readonly interface: string; readonly mode: XdpMode }
  | { readonly kind: 'tcx'; readonly interface: string; readonly direction: 'ingress' | 'egress' }
  /** Without an attach type the program's section tells it. */
  | { readonly kind: 'cgroup'; readonly path: string; readonly attachType?: AttachType }
  | { readonly kind: 'netns'; readonly path: string; readonly attachType?: 'sk_lookup' | 'flow_dissector' }
  | { readonly kind: 'tracepoint'; readonly category: string; readonly name: string }
  | { readonly kind: 'raw_tracepoint'; readonly name: string }
  | { readonly kind: 'iter'; readonly map?: string; readonly start?: ManifestIteratorStart }
  | { readonly kind: 'struct_ops'; readonly map: string }

/** Where an iterator starts, before its cgroup is looked up. */
export type ManifestIteratorStart =
  | Omit<IteratorStart & { readonly kind: 'cgroup' }, 'cgroupId'>
  | (IteratorStart & { readonly kind: 'pid' | 'tid' })

/** A place in the manifest: keys as text, positions in lists as numbers or text. */
export type Path = readonly (string | number)[]
