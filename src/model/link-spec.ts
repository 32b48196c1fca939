import type { MapAddress } from './address.ts'
import type { AttachType } from './program-types.ts'

/**
 * What a link is attached to. Names are what the user wrote, numbers what the kernel compares by; two targets are the
 * same iff `targetKey` says so.
 */
export type LinkTarget =
  | {
      readonly kind: 'xdp'
      readonly interface: string
      readonly ifindex: number
      /** `auto`: native where the driver can, else generic. bpf_link_info does not tell the mode: undefined when read without a record. */
      readonly mode?: XdpMode
    }
  | {
      readonly kind: 'tcx'
      readonly interface: string
      readonly ifindex: number
      readonly direction: 'ingress' | 'egress'
    }
  | { readonly kind: 'cgroup'; readonly path: string; readonly cgroupId: number; readonly attachType: AttachType }
  | {
      readonly kind: 'netns'
      /** File of the namespace: `/proc/self/ns/net`, `/run/netns/blue`. */
      readonly path: string
      readonly inode: number
      readonly attachType: 'sk_lookup' | 'flow_dissector'
    }
  | { readonly kind: 'tracepoint'; readonly category: string; readonly name: string }
  | { readonly kind: 'raw_tracepoint'; readonly name: string }
  /** `target` is what it walks (`task`, `bpf_map_elem`), `map` the map whose elements it walks; or where it starts. */
  | { readonly kind: 'iter'; readonly target: string; readonly map?: MapAddress; readonly start?: IteratorStart }
  /**
   * A struct of functions of the kernel: `type` is the struct, `name` what its value calls itself, where it has a name
   * (a congestion control). Of this the kernel tells nothing.
   */
  | { readonly kind: 'struct_ops'; readonly type: string; readonly name?: string }

/** Where an iterator over cgroups starts, or which tasks one over tasks walks. Linux 6.1. */
export type IteratorStart =
  | { readonly kind: 'cgroup'; readonly path: string; readonly cgroupId: number; readonly order: CgroupOrder }
  | { readonly kind: 'pid' | 'tid'; readonly number: number }

/** `enum bpf_cgroup_iter_order`, by number from 1 on. */
export const cgroupOrders = ['self_only', 'descendants_pre', 'descendants_post', 'ancestors_up'] as const
/** Which way an iterator over cgroups walks. */
export type CgroupOrder = (typeof cgroupOrders)[number]

/** Where an XDP program runs: in the driver, in the network core, or where the driver can. */
export type XdpMode = 'auto' | 'native' | 'generic'
/** The hooks that pinfold attaches to. */
export type LinkKind = LinkTarget['kind']

/** What the kernel lets one do with a link of each kind. */
export interface LinkRule {
  readonly kind: LinkKind
  /** Linux version that has it as a pinnable bpf_link. */
  readonly since: string
  /** BPF_LINK_UPDATE works: the program is switched in place, same link id. */
  readonly updatable: boolean
  /** A second link on the same target is refused (EBUSY, EEXIST), so it can only be replaced with a gap. */
  readonly exclusive: boolean
}

/** Tried on 6.18; see bpf(2) and the link types' own files in the kernel source. */
export const linkRules: Readonly<Record<LinkKind, LinkRule>> = {
  xdp: { kind: 'xdp', since: '5.9', updatable: true, exclusive: true },
  tcx: { kind: 'tcx', since: '6.6', updatable: true, exclusive: false },
  cgroup: { kind: 'cgroup', since: '5.7', updatable: true, exclusive: false },
  // flow_dissector takes one link a namespace, sk_lookup several; neither has a second place on one hook to move to.
  netns: { kind: 'netns', since: '5.8', updatable: true, exclusive: false },
  // A perf event link: the kernel has no update for it (EINVAL).
  tracepoint: { kind: 'tracepoint', since: '5.15', updatable: false, exclusive: false },
  raw_tracepoint: { kind: 'raw_tracepoint', since: '5.7', updatable: false, exclusive: false },
  iter: { kind: 'iter', since: '5.8', updatable: true, exclusive: false },
  struct_ops: { kind: 'struct_ops', since: '6.4', updatable: false, exclusive: true },
}

/** What the kernel lets one do with a link to that target. */
export function linkRuleOf(target: LinkTarget): LinkRule {
  const rule = linkRules[target.kind]
  return target.kind === 'struct_ops' && exchanged.has(target.type) ? { ...rule, updatable: true } : rule
}

/** Structs that the kernel exchanges in place (they have an `update`), as long as the name stays. */
const exchanged: ReadonlySet<string> = new Set(['tcp_congestion_ops'])

/** A text that is equal for two targets iff the kernel would attach to the same place. */
export function targetKey(target: LinkTarget): string {
  switch (target.kind) {
    case 'xdp':
      return `xdp:${target.ifindex}`
    case 'tracepoint':
      return `tracepoint:${target.category}/${target.name}`
    case 'iter':
      return `iter:${target.target}:${target.map ?? startKey(target.start)}`
    case 'struct_ops':
      return `struct_ops:${target.type}:${target.name ?? ''}`
    default:
      return placeKey(target)
  }
}

/** Targets that a manifest, a record and a kernel tell by the same members. */
type Place =
  | Pick<LinkTarget & { readonly kind: 'tcx' }, 'kind' | 'ifindex' | 'direction'>
  | Pick<LinkTarget & { readonly kind: 'cgroup' }, 'kind' | 'cgroupId' | 'attachType'>
  | Pick<LinkTarget & { readonly kind: 'netns' }, 'kind' | 'inode' | 'attachType'>
  | Pick<LinkTarget & { readonly kind: 'raw_tracepoint' }, 'kind' | 'name'>

/** `targetKey` of those. */
export function placeKey(target: Place): string {
  switch (target.kind) {
    case 'tcx':
      return `tcx:${target.ifindex}:${target.direction}`
    case 'cgroup':
      return `cgroup:${target.cgroupId}:${target.attachType}`
    case 'netns':
      return `netns:${target.inode}:${target.attachType}`
    case 'raw_tracepoint':
      return `raw_tracepoint:${target.name}`
  }
}

function startKey(start: IteratorStart | undefined): string {
  if (!start) return ''
  return start.kind === 'cgroup' ? `${start.cgroupId}:${start.order}` : `${start.kind}:${start.number}`
}

function describeStart(start: IteratorStart | undefined): string {
  if (!start) return ''
  return start.kind === 'cgroup' ? ` from ${start.path} (${start.order})` : ` of ${start.kind} ${start.number}`
}

/** One line for people: `xdp eth0 (native)`, `cgroup /sys/fs/cgroup/web cgroup_inet4_connect`. */
export function describeTarget(target: LinkTarget): string {
  switch (target.kind) {
    case 'xdp':
      return `xdp ${target.interface}${target.mode && target.mode !== 'auto' ? ` (${target.mode})` : ''}`
    case 'tcx':
      return `tcx ${target.interface} ${target.direction}`
    case 'cgroup':
      return `cgroup ${target.path} ${target.attachType}`
    case 'netns':
      return `netns ${target.path} ${target.attachType}`
    case 'tracepoint':
      return `tracepoint ${target.category}/${target.name}`
    case 'raw_tracepoint':
      return `raw_tracepoint ${target.name}`
    case 'iter':
      return `iter ${target.target}${target.map ? ` over ${target.map}` : describeStart(target.start)}`
    case 'struct_ops':
      return `struct_ops ${target.type}${target.name === undefined ? '' : ` ${target.name}`}`
  }
}
