import type { Fd } from './kernel.ts'
import { type Attr, cString, encode, struct } from './layout.ts'

/** What a link runs; of struct_ops a map. */
type Runnable = Fd<'program'> | Fd<'map'>

/** BPF_LINK_CREATE where nothing but the target is said. */
const linkCreateLayout = struct({ prog_fd: 'u32', target: 'u32', attach_type: 'u32', flags: 'u32' })

/** BPF_LINK_CREATE of an iterator over the elements of a map. */
const iterCreateLayout = struct({
  prog_fd: 'u32',
  target: 'u32',
  attach_type: 'u32',
  flags: 'u32',
  iter_info: 'pointer',
  iter_info_len: { count: 'iter_info' },
})

/** `union bpf_iter_link_info`, a member for each kind of iterator that can be told something. */
const iterMapLayout = struct({ map_fd: 'u32' })
const iterCgroupLayout = struct({ order: 'u32', cgroup_fd: 'u32', cgroup_id: 'u64' })
const iterTaskLayout = struct({ tid: 'u32', pid: 'u32', pid_fd: 'u32' })

/** BPF_LINK_UPDATE. */
const linkUpdateLayout = struct({ link_fd: 'u32', new_prog_fd: 'u32', flags: 'u32', old_prog_fd: 'u32' })

/** BPF_RAW_TRACEPOINT_OPEN. */
const rawTracepointLayout = struct({ name: 'pointer', prog_fd: 'u32' })

/** `struct perf_event_attr` up to PERF_ATTR_SIZE_VER0, the smallest that the kernel takes. */
const perfEventLayout = struct({
  type: 'u32',
  size: 'u32',
  config: 'u64',
  sample_period: 'u64',
  sample_type: 'u64',
  read_format: 'u64',
  bits: 'u64',
  wakeup_events: 'u32',
  bp_type: 'u32',
  config1: 'u64',
})

/** `target`: a descriptor or an interface index, by attach type. */
export const linkCreateAttr = (
  program: Runnable,
  request: { readonly target: number; readonly attachType: number; readonly flags?: number },
): Attr =>
  encode(linkCreateLayout, {
    prog_fd: program.number,
    target: request.target,
    attach_type: request.attachType,
    flags: request.flags,
  })

export const iterCreateAttr = (program: Runnable, attachType: number, info: Uint8Array): Attr =>
  encode(iterCreateLayout, { prog_fd: program.number, attach_type: attachType, iter_info: info })

/** What an iterator is told. */
export const iterInfo = {
  map: (map: Fd<'map'>): Uint8Array => encode(iterMapLayout, { map_fd: map.number }).bytes,
  cgroup: (order: number, id: number): Uint8Array => encode(iterCgroupLayout, { order, cgroup_id: id }).bytes,
  task: (task: { readonly tid?: number; readonly pid?: number }): Uint8Array => encode(iterTaskLayout, task).bytes,
}

export const linkUpdateAttr = (link: Fd<'link'>, program: Runnable, expected: Runnable): Attr =>
  encode(linkUpdateLayout, {
    link_fd: link.number,
    new_prog_fd: program.number,
    flags: BPF_F_REPLACE,
    old_prog_fd: expected.number,
  })

export const rawTracepointAttr = (program: Runnable, name: string): Attr =>
  encode(rawTracepointLayout, { name: cString(name), prog_fd: program.number })

/** A perf event that counts a tracepoint by its id. */
export const tracepointEventAttr = (id: number): Attr =>
  encode(perfEventLayout, { type: PERF_TYPE_TRACEPOINT, size: perfEventLayout.size, config: id, sample_period: 1 })

const BPF_F_REPLACE = 4
const PERF_TYPE_TRACEPOINT = 2
