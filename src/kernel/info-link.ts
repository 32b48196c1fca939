import type { LinkId, MapId, ProgramId } from '../model/ids.ts'
import { cgroupOrders } from '../model/link-spec.ts'
import { attachTypeOf } from '../model/program-types.ts'
import { loadAddon } from './addon.ts'
import type { AskedBuffer } from './info-buffer.ts'
import type { IteratorStartInfo, LinkInfo, LinkTargetInfo } from './kernel.ts'
import { littleEndian, numberAt, struct, textAt } from './layout.ts'

/** Decodes `struct bpf_link_info`; asks a second time for names. */
export function decodeLink(buffer: AskedBuffer): LinkInfo {
  const { at } = linkInfoLayout
  const number = word(buffer, at.type)
  const id = word(buffer, at.id) as LinkId
  const programId = word(buffer, at.prog_id) as ProgramId
  const target = targets[linkTypes[number] ?? '']?.(buffer)
  return {
    kind: 'link',
    id,
    programId,
    type: linkTypes[number] ?? `type ${number}`,
    target,
    severed: isSevered(target),
    ...(linkTypes[number] === 'tracing' ? { tracedId: word(buffer, tracingInfoLayout.at.target_obj_id) } : {}),
  }
}

/** `enum bpf_link_type`, names as bpftool prints them. */
export const linkTypes = [
  'unspec',
  'raw_tracepoint',
  'tracing',
  'cgroup',
  'iter',
  'netns',
  'xdp',
  'perf_event',
  'kprobe_multi',
  'struct_ops',
  'netfilter',
  'tcx',
  'uprobe_multi',
  'netkit',
  'sockmap',
] as const

const targets: Readonly<Record<string, (buffer: AskedBuffer) => LinkTargetInfo | undefined>> = {
  xdp: (buffer) => ({ kind: 'xdp', ifindex: word(buffer, xdpInfoLayout.at.ifindex) }),
  tcx: (buffer) => ({
    kind: 'tcx',
    ifindex: word(buffer, tcxInfoLayout.at.ifindex),
    direction: attachTypeAt(buffer, tcxInfoLayout.at.attach_type) === 'tcx_egress' ? 'egress' : 'ingress',
  }),
  cgroup: (buffer) => {
    const attachType = attachTypeAt(buffer, cgroupInfoLayout.at.attach_type)
    const cgroupId = numberAt(buffer.view, cgroupInfoLayout.at.cgroup_id)
    return attachType && { kind: 'cgroup', cgroupId, attachType }
  },
  netns: (buffer) => {
    const attachType = attachTypeAt(buffer, netnsInfoLayout.at.attach_type)
    if (attachType !== 'sk_lookup' && attachType !== 'flow_dissector') return undefined
    return { kind: 'netns', inode: word(buffer, netnsInfoLayout.at.netns_ino), attachType }
  },
  raw_tracepoint: (buffer) => {
    const { at } = rawTracepointInfoLayout
    return { kind: 'raw_tracepoint', name: readName(buffer, at.tp_name, at.tp_name_len) }
  },
  iter: (buffer) => {
    const { at } = iterInfoLayout
    const target = readName(buffer, at.target_name, at.target_name_len)
    const start = startOf(buffer, target)
    if (!mapIterators.has(target)) return { kind: 'iter', target, ...(start && { start }) }
    return { kind: 'iter', target, mapId: word(buffer, at.map_id) as MapId }
  },
  struct_ops: (buffer) => ({ kind: 'struct_ops', mapId: word(buffer, structOpsInfoLayout.at.map_id) as MapId }),
  perf_event: (buffer) => {
    const { at } = perfEventInfoLayout
    const event = word(buffer, at.event)
    if (event === BPF_PERF_EVENT_UNSPEC) return { kind: 'tracepoint', name: undefined }
    if (event !== BPF_PERF_EVENT_TRACEPOINT) return undefined
    return { kind: 'tracepoint', name: readName(buffer, at.name, at.name_len) }
  },
}

/** Zeros where it was told nothing, and on kernels that cannot be told. */
function startOf(buffer: AskedBuffer, target: string): IteratorStartInfo | undefined {
  const { at } = iterInfoLayout
  const order = cgroupOrders[word(buffer, at.order) - 1]
  if (target === 'cgroup') return order && { kind: 'cgroup', cgroupId: numberAt(buffer.view, at.cgroup_id), order }
  if (!target.startsWith('task')) return undefined
  const [tid, pid] = [word(buffer, at.cgroup_id), word(buffer, at.cgroup_id + 4)]
  if (tid !== 0) return { kind: 'tid', number: tid }
  return pid === 0 ? undefined : { kind: 'pid', number: pid }
}

/** Kernels before 6.6 do not tell what kind of perf event it is. */
const BPF_PERF_EVENT_UNSPEC = 0
const BPF_PERF_EVENT_TRACEPOINT = 5

/** Iterators that walk the elements of one map; for others the kernel leaves something else in map_id's place. */
const mapIterators: ReadonlySet<string> = new Set(['bpf_map_elem', 'bpf_sk_storage_map'])

const word = ({ view }: AskedBuffer, offset: number): number => view.getUint32(offset, littleEndian)
const attachTypeAt = (buffer: AskedBuffer, offset: number): ReturnType<typeof attachTypeOf> =>
  attachTypeOf(word(buffer, offset))

function isSevered(target: LinkTargetInfo | undefined): boolean {
  if (target?.kind === 'xdp' || target?.kind === 'tcx') return target.ifindex === 0
  if (target?.kind === 'cgroup') return target.cgroupId === 0
  if (target?.kind === 'struct_ops') return target.mapId === 0
  return target?.kind === 'netns' && target.inode === 0
}

const name = Buffer.alloc(256)

/** Asks again with room for a string; the kernel fills it in only then. */
function readName({ bytes, view, again }: AskedBuffer, at: number, lengthAt: number): string {
  bytes.fill(0)
  name.fill(0)
  loadAddon().point(bytes, [at, name])
  view.setUint32(lengthAt, name.length, littleEndian)
  again()
  return textAt(name, 0, name.length)
}

// `struct bpf_link_info` is a head and a union that starts at byte 16: one layout for each member of it.
const linkHead = { type: 'u32', id: 'u32', prog_id: 'u32', padding: 'u32' } as const

const linkInfoLayout = struct(linkHead)
const rawTracepointInfoLayout = struct({ ...linkHead, tp_name: 'u64', tp_name_len: 'u32' })
const cgroupInfoLayout = struct({ ...linkHead, cgroup_id: 'u64', attach_type: 'u32' })
/** Of tasks the numbers of thread and process stand in the place of the cgroup's id. */
const iterInfoLayout = struct({
  ...linkHead,
  target_name: 'u64',
  target_name_len: 'u32',
  map_id: 'u32',
  cgroup_id: 'u64',
  order: 'u32',
})
const tracingInfoLayout = struct({ ...linkHead, attach_type: 'u32', target_obj_id: 'u32' })
const netnsInfoLayout = struct({ ...linkHead, netns_ino: 'u32', attach_type: 'u32' })
const xdpInfoLayout = struct({ ...linkHead, ifindex: 'u32' })
const structOpsInfoLayout = struct({ ...linkHead, map_id: 'u32' })
const tcxInfoLayout = struct({ ...linkHead, ifindex: 'u32', attach_type: 'u32' })
/** Linux 6.6; zero before. */
const perfEventInfoLayout = struct({ ...linkHead, event: 'u32', name: 'u64', name_len: 'u32' })
