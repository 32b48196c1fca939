import type { BtfId, MapId } from '../model/ids.ts'
import { mapTypeOf } from '../model/map-types.ts'
import type { InfoBuffer } from './info-buffer.ts'
import type { MapInfo } from './kernel.ts'
import { littleEndian, numberAt, struct, textAt } from './layout.ts'

/** Decodes `struct bpf_map_info`. */
export function decodeMap({ bytes, view }: InfoBuffer): MapInfo {
  const word = (offset: number): number => view.getUint32(offset, littleEndian)
  const typeNumber = word(at.type)
  return {
    kind: 'map',
    id: word(at.id) as MapId,
    name: textAt(bytes, at.name, 16),
    type: mapTypeOf(typeNumber),
    typeNumber,
    shape: {
      keySize: word(at.key_size),
      valueSize: word(at.value_size),
      maxEntries: word(at.max_entries),
      flags: word(at.map_flags),
      mapExtra: numberAt(view, at.map_extra),
    },
    btfId: word(at.btf_id) as BtfId | 0,
    keyTypeId: word(at.btf_key_type_id),
    valueTypeId: word(at.btf_value_type_id),
    ...(word(at.btf_vmlinux_value_type_id) && { kernelValueTypeId: word(at.btf_vmlinux_value_type_id) }),
  }
}

/** `struct bpf_map_info`, as far as it is read. */
const mapInfoLayout = struct({
  type: 'u32',
  id: 'u32',
  key_size: 'u32',
  value_size: 'u32',
  max_entries: 'u32',
  map_flags: 'u32',
  name: 'char[16]',
  ifindex: 'u32',
  btf_vmlinux_value_type_id: 'u32',
  netns_dev: 'u64',
  netns_ino: 'u64',
  btf_id: 'u32',
  btf_key_type_id: 'u32',
  btf_value_type_id: 'u32',
  btf_vmlinux_id: 'u32',
  map_extra: 'u64',
})

const { at } = mapInfoLayout
