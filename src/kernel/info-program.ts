import type { BtfId, MapId, ProgramId } from '../model/ids.ts'
import { programTypeOf } from '../model/program-types.ts'
import { loadAddon } from './addon.ts'
import { type AskedBuffer, type InfoBuffer, idsSize } from './info-buffer.ts'
import type { ProgramInfo } from './kernel.ts'
import { littleEndian, numberAt, struct, textAt, viewOf } from './layout.ts'

/** Clears the buffer for a question; a program answers with the ids of its maps, other kinds do not look at this request. */
export function prepareInfo({ bytes, view, idsAt }: Pick<AskedBuffer, 'bytes' | 'view' | 'idsAt'>): void {
  bytes.fill(0)
  view.setUint32(at.nr_map_ids, idsSize / 4, littleEndian)
  view.setUint32(at.map_ids, idsAt[0], littleEndian)
  view.setUint32(at.map_ids + 4, idsAt[1], littleEndian)
}

/** True when the ids of all its maps found room; otherwise it has to be asked again. */
export const hasAllIds = ({ view }: InfoBuffer): boolean => view.getUint32(at.nr_map_ids, littleEndian) * 4 <= idsSize

/** Decodes `struct bpf_prog_info`. */
export function decodeProgram(buffer: InfoBuffer | AskedBuffer): ProgramInfo {
  const { bytes, view } = buffer
  const word = (offset: number): number => view.getUint32(offset, littleEndian)
  const typeNumber = word(at.type)
  return {
    kind: 'program',
    id: word(at.id) as ProgramId,
    name: textAt(bytes, at.name, 16),
    type: programTypeOf(typeNumber),
    typeNumber,
    tag: bytes.toString('hex', at.tag, at.tag + 8),
    loadedAt: numberAt(view, at.load_time),
    uid: word(at.created_by_uid),
    gplCompatible: (word(at.gpl_compatible) & gplBit) !== 0,
    translatedSize: word(at.xlated_prog_len),
    jitedSize: word(at.jited_prog_len),
    verifiedInstructions: word(at.verified_insns),
    btfId: word(at.btf_id) as BtfId | 0,
    attachBtfId: word(at.attach_btf_obj_id) as BtfId | 0,
    // The last to be read: it may overwrite the buffer.
    mapIds: readMapIds(buffer, word(at.nr_map_ids)),
  }
}

/** The first of the bit field, which compilers put at the other end on big endian. */
const gplBit = littleEndian ? 1 : 0x8000_0000

function readMapIds(buffer: InfoBuffer | AskedBuffer, count: number): readonly MapId[] {
  const words = 'again' in buffer && !hasAllIds(buffer) ? askForIds(buffer, count) : buffer.ids
  const found: MapId[] = []
  for (let i = 0; i < count; i++) found.push(words.getUint32(i * 4, littleEndian) as MapId)
  return found
}

/** Asks again with more room. */
function askForIds({ bytes, view, again }: AskedBuffer, count: number): DataView {
  const ids = Buffer.alloc(count * 4)
  bytes.fill(0)
  view.setUint32(at.nr_map_ids, count, littleEndian)
  loadAddon().point(bytes, [at.map_ids, ids])
  again()
  return viewOf(ids)
}

/** `struct bpf_prog_info`. The bit field gpl_compatible is the lowest bit of its word, or the highest on big endian. */
const programInfoLayout = struct({
  type: 'u32',
  id: 'u32',
  tag: 'u8[8]',
  jited_prog_len: 'u32',
  xlated_prog_len: 'u32',
  jited_prog_insns: 'u64',
  xlated_prog_insns: 'u64',
  load_time: 'u64',
  created_by_uid: 'u32',
  nr_map_ids: 'u32',
  map_ids: 'u64',
  name: 'char[16]',
  ifindex: 'u32',
  gpl_compatible: 'u32',
  netns_dev: 'u64',
  netns_ino: 'u64',
  nr_jited_ksyms: 'u32',
  nr_jited_func_lens: 'u32',
  jited_ksyms: 'u64',
  jited_func_lens: 'u64',
  btf_id: 'u32',
  func_info_rec_size: 'u32',
  func_info: 'u64',
  nr_func_info: 'u32',
  nr_line_info: 'u32',
  line_info: 'u64',
  jited_line_info: 'u64',
  nr_jited_line_info: 'u32',
  line_info_rec_size: 'u32',
  jited_line_info_rec_size: 'u32',
  nr_prog_tags: 'u32',
  prog_tags: 'u64',
  run_time_ns: 'u64',
  run_cnt: 'u64',
  recursion_misses: 'u64',
  verified_insns: 'u32',
  attach_btf_obj_id: 'u32',
})

const { at } = programInfoLayout

/** Where the address of the room for ids stands. */
export const idsPointer: number = at.map_ids
