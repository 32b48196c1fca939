import type { Hex } from '../util/hex.ts'
import type { MapType } from './map-types.ts'

/** Everything BPF_MAP_CREATE fixes for good. Two maps of equal shape can stand in for each other. */
export interface MapShape {
  readonly type: MapType
  /** Bytes. */
  readonly keySize: number
  /** Bytes of one value (of one CPU's value in per-CPU maps). */
  readonly valueSize: number
  /** 0 where the kernel or the manifest decides (perf event arrays: the number of CPUs). */
  readonly maxEntries: number
  /** BPF_F_* flags of BPF_MAP_CREATE. */
  readonly flags: number
  /** `map_extra`: hash functions of a bloom filter, address of an arena; at most 2^53. */
  readonly mapExtra: number
  /** Shape of the maps inside an array_of_maps or hash_of_maps. */
  readonly inner?: MapShape
}

/** The BTF layout of keys and values as canonical text, so that two layouts are equal iff the texts are. */
export interface MapLayout {
  readonly key?: string
  readonly value?: string
}

/** A variable in a data section. */
export interface Variable {
  readonly name: string
  /** Bytes from the start of the section's data. */
  readonly offset: number
  /** Bytes. */
  readonly size: number
  /** Type id in the object's BTF, if it has one. */
  readonly typeId?: number
}

/** What an object file says a map holds before anybody writes to it. Programs and maps go by their names in the object. */
export type InitialContents =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'data'
      readonly bytes: Uint8Array
      readonly frozen: boolean
      readonly variables: readonly Variable[]
    }
  | { readonly kind: 'programs'; readonly slots: ReadonlyMap<number, string> }
  | { readonly kind: 'maps'; readonly slots: ReadonlyMap<number, string> }
  /** A struct of functions that the kernel calls (struct_ops), as the object lays it out. */
  | {
      readonly kind: 'members'
      /** The kernel's name of the struct: `tcp_congestion_ops`. */
      readonly type: string
      /** The struct in the object's BTF. */
      readonly typeId: number
      readonly bytes: Uint8Array
      /** Programs by the name of their member. */
      readonly slots: ReadonlyMap<string, string>
    }

/** A map as an object file declares it. */
export interface MapSpec {
  readonly kind: 'map'
  /** Name in the object: the variable's, or the data section's (`.rodata`). */
  readonly name: string
  readonly section: string
  readonly shape: MapShape
  readonly layout: MapLayout
  /** Type ids in the object's BTF. */
  readonly keyTypeId?: number
  readonly valueTypeId?: number
  /** `LIBBPF_PIN_BY_NAME` was asked for. pinfold pins every map anyway. */
  readonly pinByName: boolean
  /** `btf_decl_tag`s on its variable; absent: none. */
  readonly declTags?: readonly string[]
  /** False in a `?` section: made only when the manifest names it. Absent: true. */
  readonly autoload?: boolean
  readonly contents: InitialContents
  /** The template of an outer map; `shape.inner` is its shape. */
  readonly inner?: MapSpec
}

/** One declared entry; the value of a per-CPU map is one CPU's, written to all. */
export interface Entry {
  readonly key: Hex
  readonly value: Hex
}
