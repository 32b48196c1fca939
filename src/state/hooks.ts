import type { LinkKind } from '../model/link-spec.ts'
import type { LoadAttributes } from '../model/program-spec.ts'
import type { AttachType, ProgramType } from '../model/program-types.ts'

/** Which programs the kernel attaches to a hook. */
export interface Hook {
  readonly types: readonly ProgramType[]
  /** Expected attach types that it takes, where it looks at them; none at all counts as the first. */
  readonly attachTypes?: readonly AttachType[]
}

/** Hooks by kind of link; for cgroups and namespaces by attach type (`attachHooks`). */
export const hooks: Readonly<Record<Exclude<LinkKind, 'cgroup' | 'netns' | 'struct_ops'>, Hook>> = {
  xdp: { types: ['xdp'], attachTypes: ['xdp'] },
  tcx: { types: ['sched_cls'] },
  tracepoint: { types: ['tracepoint'] },
  raw_tracepoint: { types: ['raw_tracepoint', 'raw_tracepoint_writable'] },
  iter: { types: ['tracing'], attachTypes: ['trace_iter'] },
}

const socket: Hook = { types: ['cgroup_sock'] }
const address: Hook = { types: ['cgroup_sock_addr'] }
const packet: Hook = { types: ['cgroup_skb'] }
const option: Hook = { types: ['cgroup_sockopt'] }

/**
 * Hooks of cgroups and network namespaces. For programs of the types in `strict` the kernel also wants the attach type that
 * they were loaded with.
 */
export const attachHooks: Partial<Record<AttachType, Hook>> = {
  cgroup_inet_ingress: packet,
  cgroup_inet_egress: packet,
  cgroup_inet_sock_create: socket,
  cgroup_inet_sock_release: socket,
  cgroup_inet4_post_bind: socket,
  cgroup_inet6_post_bind: socket,
  cgroup_inet4_bind: address,
  cgroup_inet6_bind: address,
  cgroup_inet4_connect: address,
  cgroup_inet6_connect: address,
  cgroup_unix_connect: address,
  cgroup_udp4_sendmsg: address,
  cgroup_udp6_sendmsg: address,
  cgroup_unix_sendmsg: address,
  cgroup_udp4_recvmsg: address,
  cgroup_udp6_recvmsg: address,
  cgroup_unix_recvmsg: address,
  cgroup_inet4_getpeername: address,
  cgroup_inet6_getpeername: address,
  cgroup_unix_getpeername: address,
  cgroup_inet4_getsockname: address,
  cgroup_inet6_getsockname: address,
  cgroup_unix_getsockname: address,
  cgroup_getsockopt: option,
  cgroup_setsockopt: option,
  cgroup_sock_ops: { types: ['sock_ops'] },
  cgroup_device: { types: ['cgroup_device'] },
  cgroup_sysctl: { types: ['cgroup_sysctl'] },
  lsm_cgroup: { types: ['lsm'] },
  sk_lookup: { types: ['sk_lookup'] },
  flow_dissector: { types: ['flow_dissector'] },
}

const strict: ReadonlySet<ProgramType> = new Set(['cgroup_sock', 'cgroup_sock_addr', 'cgroup_sockopt', 'lsm'])

/** The only attach type of a program type, where it has one. */
export const onlyAttachType: Partial<Record<ProgramType, AttachType>> = {
  sock_ops: 'cgroup_sock_ops',
  cgroup_device: 'cgroup_device',
  cgroup_sysctl: 'cgroup_sysctl',
  sk_lookup: 'sk_lookup',
  flow_dissector: 'flow_dissector',
}

/** True when the kernel attaches a program loaded like this to that hook. */
export function fitsHook(load: LoadAttributes, hook: Hook, attachType?: AttachType): boolean {
  if (!hook.types.includes(load.type)) return false
  if (attachType !== undefined && strict.has(load.type)) return load.attachType === attachType
  return !hook.attachTypes || load.attachType === undefined || hook.attachTypes.includes(load.attachType)
}

/** Whether pinfold has any hook for a program loaded like this. */
export function fitsAnyHook(load: LoadAttributes): boolean {
  const attachTypes = Object.entries(attachHooks) as [AttachType, Hook][]
  return (
    Object.values(hooks).some((hook) => fitsHook(load, hook)) ||
    attachTypes.some(([attachType, hook]) => fitsHook(load, hook, load.attachType && attachType))
  )
}
