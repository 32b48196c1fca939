import type { LinkKind, LinkTarget } from '../../model/link-spec.ts'
import type { LoadAttributes } from '../../model/program-spec.ts'
import type { AttachType, ProgramType } from '../../model/program-types.ts'
import type { Errno } from './refuse.ts'

/** One thing that BPF_LINK_UPDATE looks at. */
export type UpdateCheck = 'unsupported' | 'severed' | 'expected' | 'type' | 'attachType' | 'attachTo' | 'twice'

/** What BPF_LINK_UPDATE checks for each kind of link, in the kernel's order. */
export const updateRules: Readonly<Record<LinkKind, readonly UpdateCheck[]>> = {
  xdp: ['severed', 'expected', 'type', 'attachType'],
  tcx: ['severed', 'expected', 'type', 'twice'],
  cgroup: ['severed', 'expected', 'type'],
  netns: ['expected', 'type', 'severed'],
  tracepoint: ['unsupported'],
  raw_tracepoint: ['unsupported'],
  iter: ['expected', 'type', 'attachType', 'attachTo'],
  // What it runs is a map: see struct-ops.
  struct_ops: ['unsupported'],
}

/** Why a program cannot be attached to a target of that kind; undefined when it can. */
export function refusalOfProgram(load: LoadAttributes, target: LinkTarget): Errno | undefined {
  return programFits(load, target) ? undefined : 'EINVAL'
}

function programFits(load: LoadAttributes, target: LinkTarget): boolean {
  switch (target.kind) {
    case 'xdp':
      return load.type === 'xdp' && !['xdp_devmap', 'xdp_cpumap'].includes(load.attachType ?? '')
    case 'tcx':
      return load.type === 'sched_cls'
    case 'cgroup':
      return fitsCgroup(load, target.attachType)
    case 'netns':
      return load.type === target.attachType
    case 'tracepoint':
      return load.type === 'tracepoint'
    case 'raw_tracepoint':
      return load.type === 'raw_tracepoint' || load.type === 'raw_tracepoint_writable'
    case 'iter':
      return load.type === 'tracing' && load.attachType === 'trace_iter'
    case 'struct_ops':
      return false
  }
}

/** Program types of the attach types of cgroups. */
const cgroupTypes: readonly (readonly [RegExp, ProgramType])[] = [
  [/^cgroup_inet_(ingress|egress)$/, 'cgroup_skb'],
  [/^cgroup_inet(_sock_create|_sock_release|4_post_bind|6_post_bind)$/, 'cgroup_sock'],
  [/^cgroup_(inet[46]|udp[46]|unix)_\w+$/, 'cgroup_sock_addr'],
  [/^cgroup_[gs]etsockopt$/, 'cgroup_sockopt'],
  [/^cgroup_sock_ops$/, 'sock_ops'],
  [/^cgroup_device$/, 'cgroup_device'],
  [/^cgroup_sysctl$/, 'cgroup_sysctl'],
]

const comparesAttachType: readonly ProgramType[] = ['cgroup_sock', 'cgroup_sock_addr', 'cgroup_sockopt']

function fitsCgroup(load: LoadAttributes, attachType: AttachType): boolean {
  const type = cgroupTypes.find(([names]) => names.test(attachType))?.[1]
  // A cgroup_sock program loaded without attach type is one for socket creation.
  const loaded = load.type === 'cgroup_sock' ? (load.attachType ?? 'cgroup_inet_sock_create') : load.attachType
  return type === load.type && (!comparesAttachType.includes(type) || loaded === attachType)
}
