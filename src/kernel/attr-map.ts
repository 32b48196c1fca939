import { type MapType, mapTypeRule } from '../model/map-types.ts'
import type { EntryBatch } from './entries.ts'
import type { Fd, MapCreate, UpdateMode } from './kernel.ts'
import { type Attr, encode, type Layout, littleEndian, objectName, struct } from './layout.ts'

/** BPF_MAP_CREATE. Linux 5.16 for map_extra; older kernels want it zero. */
const mapCreateLayout = struct({
  map_type: 'u32',
  key_size: 'u32',
  value_size: 'u32',
  max_entries: 'u32',
  map_flags: 'u32',
  inner_map_fd: 'u32',
  numa_node: 'u32',
  map_name: 'char[16]',
  map_ifindex: 'u32',
  btf_fd: 'u32',
  btf_key_type_id: 'u32',
  btf_value_type_id: 'u32',
  btf_vmlinux_value_type_id: 'u32',
  map_extra: 'u64',
  value_type_btf_obj_fd: 'u32',
})

/** BPF_MAP_LOOKUP_ELEM, UPDATE, DELETE and GET_NEXT_KEY (`value` is next_key there). */
const mapElementFields = { map_fd: 'u32', key: 'pointer', value: 'pointer', flags: 'u64' } as const
export const mapElementLayout: Layout<typeof mapElementFields> = struct(mapElementFields)

/** BPF_MAP_LOOKUP_BATCH and UPDATE_BATCH. `count` comes back as the number of entries that were read or written. */
const mapBatchLayout = struct({
  in_batch: 'pointer',
  out_batch: 'pointer',
  keys: 'pointer',
  values: 'pointer',
  count: 'u32',
  map_fd: 'u32',
  elem_flags: 'u64',
  flags: 'u64',
})

/** BPF_MAP_FREEZE. */
const mapFreezeLayout = struct({ map_fd: 'u32' })

/**
 * The request of BPF_MAP_CREATE; BTF is left out where the map type refuses it. `valueType` is the kernel's type of a
 * struct_ops value, with a descriptor of its module's BTF where it is not in vmlinux (Linux 6.9).
 */
export function mapCreateAttr(
  { name, shape, btf, inner }: MapCreate,
  valueType?: { readonly id: number; readonly module?: number },
): Attr {
  const described = btf !== undefined && !refusesBtf.has(shape.type)
  return encode(mapCreateLayout, {
    map_type: mapTypeRule(shape.type).number,
    key_size: shape.keySize,
    value_size: shape.valueSize,
    max_entries: shape.maxEntries,
    map_flags: shape.flags | (valueType?.module ? BPF_F_VTYPE_BTF_OBJ_FD : 0),
    inner_map_fd: inner?.number,
    map_name: objectName(name),
    btf_fd: described ? btf.fd.number : undefined,
    btf_key_type_id: described ? btf.keyTypeId : undefined,
    btf_value_type_id: described ? btf.valueTypeId : undefined,
    btf_vmlinux_value_type_id: valueType?.id,
    map_extra: shape.mapExtra,
    value_type_btf_obj_fd: valueType?.module,
  })
}

const BPF_F_VTYPE_BTF_OBJ_FD = 1 << 15

export const mapElementAttr = (map: Fd<'map'>, key?: Uint8Array, value?: Uint8Array, mode: UpdateMode = 'any'): Attr =>
  encode(mapElementLayout, { map_fd: map.number, key, value, flags: updateFlags[mode] })

/** What a batch request says; `from` and `next` are places in a walk, opaque. */
export interface BatchRequest extends EntryBatch {
  readonly from?: Uint8Array | undefined
  readonly next?: Uint8Array
}

export const mapBatchAttr = (map: Fd<'map'>, { from, next, keys, values, count }: BatchRequest): Attr =>
  encode(mapBatchLayout, { in_batch: from, out_batch: next, keys, values, count, map_fd: map.number })

/** Entries that were read or written. */
export const mapBatchCount = ({ view }: Attr): number => view.getUint32(mapBatchLayout.at.count, littleEndian)

export const mapFreezeAttr = (map: Fd<'map'>): Attr => encode(mapFreezeLayout, { map_fd: map.number })

/** BPF_ANY, BPF_NOEXIST, BPF_EXIST. */
const updateFlags: Readonly<Record<UpdateMode, number>> = { any: 0, create: 1, replace: 2 }

/**
 * Map types that refuse BTF whatever it says: ENOTSUPP (`map_check_no_btf` in the kernel), or EINVAL for the two without
 * keys. Their values are not data but references, stack addresses or queued elements.
 */
const refusesBtf: ReadonlySet<MapType> = new Set<MapType>([
  'perf_event_array',
  'cgroup_array',
  'stack_trace',
  'array_of_maps',
  'hash_of_maps',
  'devmap',
  'devmap_hash',
  'cpumap',
  'xskmap',
  'sockmap',
  'sockhash',
  'queue',
  'stack',
])
