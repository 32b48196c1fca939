import type { ObjectKind } from './kernel.ts'
import { type Attr, cString, encode, type Layout, littleEndian, struct } from './layout.ts'
import type { Command } from './syscall.ts'

/** BPF_OBJ_PIN and BPF_OBJ_GET. */
const objectFields = { pathname: 'pointer', bpf_fd: 'u32', file_flags: 'u32' } as const
export const objectLayout: Layout<typeof objectFields> = struct(objectFields)

/** BPF_*_GET_NEXT_ID and BPF_*_GET_FD_BY_ID. */
const idLayout = struct({ id: 'u32', next_id: 'u32', open_flags: 'u32' })

/** BPF_OBJ_GET_INFO_BY_FD. */
const infoFields = { bpf_fd: 'u32', info_len: { count: 'info' }, info: 'pointer' } as const
export const infoLayout: Layout<typeof infoFields> = struct(infoFields)

/** BPF_PROG_QUERY. Linux 6.6 for link_ids and revision. */
const queryLayout = struct({
  target: 'u32',
  attach_type: 'u32',
  query_flags: 'u32',
  attach_flags: 'u32',
  prog_ids: 'pointer',
  count: { count: 'prog_ids', unit: 4 },
  prog_attach_flags: 'u64',
  link_ids: 'pointer',
  link_attach_flags: 'u64',
  // Written by the kernel whatever size it was told.
  revision: 'u64',
})

export const pinAttr = (fd: { readonly number: number }, path: string): Attr =>
  encode(objectLayout, { pathname: cString(path), bpf_fd: fd.number })

export const getAttr = (path: string): Attr => encode(objectLayout, { pathname: cString(path) })

export const idAttr = (id: number): Attr => encode(idLayout, { id })

/** The answer of BPF_*_GET_NEXT_ID. */
export const nextId = ({ view }: Attr): number => view.getUint32(idLayout.at.next_id, littleEndian)

export const queryAttr = (target: number, attachType: number, ids: Uint8Array, links?: Uint8Array): Attr =>
  encode(queryLayout, { target, attach_type: attachType, prog_ids: ids, link_ids: links })

/** How many programs BPF_PROG_QUERY found. */
export const queriedCount = ({ view }: Attr): number => view.getUint32(queryLayout.at.count, littleEndian)

/** The commands that walk and open the objects of each kind. */
export const idCommands: Readonly<Record<ObjectKind, { readonly next: Command; readonly open: Command }>> = {
  map: { next: 'BPF_MAP_GET_NEXT_ID', open: 'BPF_MAP_GET_FD_BY_ID' },
  program: { next: 'BPF_PROG_GET_NEXT_ID', open: 'BPF_PROG_GET_FD_BY_ID' },
  link: { next: 'BPF_LINK_GET_NEXT_ID', open: 'BPF_LINK_GET_FD_BY_ID' },
}
