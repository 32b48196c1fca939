import type { MapShape } from '../../model/map-spec.ts'
import type { MapType } from '../../model/map-types.ts'
import type { Errno } from './refuse.ts'

/** BPF_F_* flags of BPF_MAP_CREATE by their value. */
export const mapFlags = {
  noPrealloc: 0x1,
  noCommonLru: 0x2,
  numaNode: 0x4,
  readOnly: 0x8,
  writeOnly: 0x10,
  stackBuildId: 0x20,
  zeroSeed: 0x40,
  readOnlyProgram: 0x80,
  writeOnlyProgram: 0x100,
  clone: 0x200,
  mmapable: 0x400,
  preserveElements: 0x800,
  innerMap: 0x1000,
  link: 0x2000,
} as const

/** How a map keeps what is in it. */
export type StorageKind = 'array' | 'hash' | 'lru' | 'trie' | 'slots' | 'queue' | 'stack' | 'devices' | 'opaque'

export interface MapRule {
  readonly storage: StorageKind
  /** Bytes, least and most. */
  readonly keySize: readonly [number, number]
  readonly valueSize: readonly [number, number]
  /** Flags that the kernel accepts. */
  readonly flags: number
  /** Flags that it asks for. */
  readonly needs?: number
  /** Flags that it sets itself. */
  readonly sets?: number
  /** Entries: any number but 0, none at all, or a power of two of whole pages. */
  readonly entries: 'some' | 'none' | 'pages'
  /** Can be inside an outer map. */
  readonly inner: boolean
}

const any = [1, 0x7fffffff] as const
const none = [0, 0] as const
const exactly = (size: number): readonly [number, number] => [size, size]
const f = mapFlags
const access = f.readOnly | f.writeOnly | f.readOnlyProgram | f.writeOnlyProgram
const hashFlags = f.noPrealloc | f.numaNode | access | f.zeroSeed

const array: MapRule = {
  storage: 'array',
  keySize: exactly(4),
  valueSize: any,
  flags: f.numaNode | access,
  entries: 'some',
  inner: true,
}
const slots: MapRule = {
  ...array,
  storage: 'slots',
  valueSize: exactly(4),
  flags: f.numaNode | f.readOnly | f.writeOnly,
  inner: false,
}
const hash: MapRule = { storage: 'hash', keySize: any, valueSize: any, flags: hashFlags, entries: 'some', inner: true }
const lru: MapRule = { ...hash, storage: 'lru', flags: (hashFlags & ~f.noPrealloc) | f.noCommonLru }
const queue: MapRule = { ...hash, storage: 'queue', keySize: none, flags: f.numaNode | access }
const devices: MapRule = {
  ...array,
  storage: 'devices',
  valueSize: [4, 8],
  flags: f.numaNode | f.readOnly | f.writeOnly,
  sets: f.readOnlyProgram,
}
const sockets: MapRule = { ...devices, storage: 'opaque', sets: 0 }
const local: MapRule = {
  ...hash,
  storage: 'opaque',
  keySize: exactly(4),
  flags: f.noPrealloc | f.clone,
  needs: f.noPrealloc,
  entries: 'none',
  inner: false,
}
const ring: MapRule = {
  ...hash,
  storage: 'opaque',
  keySize: none,
  valueSize: none,
  flags: f.numaNode,
  entries: 'pages',
}

/** What each map type accepts (`map_alloc_check` and `map_alloc` of Linux 6.18). */
export const mapRules: Readonly<Record<MapType, MapRule>> = {
  hash,
  array: { ...array, flags: array.flags | f.mmapable | f.innerMap },
  prog_array: slots,
  perf_event_array: { ...slots, storage: 'opaque', flags: slots.flags | f.preserveElements },
  percpu_hash: hash,
  percpu_array: { ...array, flags: access },
  stack_trace: { ...hash, storage: 'opaque', keySize: exactly(4), valueSize: [8, 1016], flags: f.numaNode | access },
  cgroup_array: { ...slots, storage: 'opaque' },
  lru_hash: lru,
  lru_percpu_hash: lru,
  lpm_trie: {
    ...hash,
    storage: 'trie',
    keySize: [5, 260],
    flags: f.noPrealloc | f.numaNode | access,
    needs: f.noPrealloc,
  },
  array_of_maps: slots,
  hash_of_maps: { ...hash, valueSize: exactly(4), inner: false },
  devmap: devices,
  sockmap: sockets,
  cpumap: { ...devices, flags: f.numaNode, sets: 0, inner: false },
  xskmap: { ...sockets, valueSize: exactly(4) },
  sockhash: { ...sockets, keySize: any },
  cgroup_storage: { ...local, keySize: any, flags: f.numaNode | access, needs: 0 },
  reuseport_sockarray: sockets,
  percpu_cgroup_storage: { ...local, keySize: any, flags: access, needs: 0 },
  queue,
  stack: { ...queue, storage: 'stack' },
  sk_storage: local,
  devmap_hash: { ...devices, storage: 'hash' },
  struct_ops: { ...slots, storage: 'opaque', valueSize: any, flags: f.link },
  ringbuf: ring,
  inode_storage: local,
  task_storage: local,
  bloom_filter: { ...queue, storage: 'opaque', flags: f.numaNode | f.zeroSeed | access },
  user_ringbuf: ring,
  cgrp_storage: local,
  arena: { ...ring, flags: f.mmapable, needs: f.mmapable, entries: 'some' },
}

/** Why the kernel would not create a map of that shape; undefined when it would. */
export function refusalOfShape(shape: MapShape): Errno | undefined {
  const rule = mapRules[shape.type]
  const { flags } = shape
  const fits =
    within(shape.keySize, rule.keySize) &&
    within(shape.valueSize, rule.valueSize) &&
    hasEntries(shape.maxEntries, rule.entries) &&
    both(flags, f.readOnly | f.writeOnly) === false &&
    both(flags, f.readOnlyProgram | f.writeOnlyProgram) === false
  if (!fits) return 'EINVAL'
  // LRU maps are always preallocated.
  if (rule.storage === 'lru' && flags & f.noPrealloc) return 'ENOTSUPP'
  const needs = rule.needs ?? 0
  return flags & ~rule.flags || (flags & needs) !== needs ? 'EINVAL' : undefined
}

/** The shape as the kernel keeps it. */
export function shapeAsKept(shape: MapShape, possibleCpus: number): MapShape {
  const { inner: _, ...kept } = shape
  const flags = shape.flags | (mapRules[shape.type].sets ?? 0)
  // Without the common LRU list every CPU has its own part, all of one size.
  const rounds = shape.type.startsWith('lru') && shape.flags & f.noCommonLru
  const maxEntries = rounds ? Math.ceil(shape.maxEntries / possibleCpus) * possibleCpus : shape.maxEntries
  return { ...kept, flags, maxEntries }
}

/** True when a map can stand where an outer map's template stood. */
export function fitsTemplate(map: MapShape, template: MapShape): boolean {
  const same =
    map.type === template.type &&
    map.keySize === template.keySize &&
    map.valueSize === template.valueSize &&
    map.flags === template.flags
  const sized = template.type === 'array' && !(template.flags & f.innerMap)
  return same && (!sized || map.maxEntries === template.maxEntries)
}

const within = (size: number, [least, most]: readonly [number, number]): boolean => size >= least && size <= most
const both = (flags: number, pair: number): boolean => (flags & pair) === pair

function hasEntries(count: number, rule: MapRule['entries']): boolean {
  if (rule === 'none') return count === 0
  if (rule === 'some') return count > 0
  return count >= 4096 && (count & (count - 1)) === 0
}
