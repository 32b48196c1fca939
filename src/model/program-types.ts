/** Program types as bpftool names them, with their number in `enum bpf_prog_type`. */
export const programTypes = [
  { name: 'socket_filter', number: 1 },
  { name: 'kprobe', number: 2 },
  { name: 'sched_cls', number: 3 },
  { name: 'sched_act', number: 4 },
  { name: 'tracepoint', number: 5 },
  { name: 'xdp', number: 6 },
  { name: 'perf_event', number: 7 },
  { name: 'cgroup_skb', number: 8 },
  { name: 'cgroup_sock', number: 9 },
  { name: 'lwt_in', number: 10 },
  { name: 'lwt_out', number: 11 },
  { name: 'lwt_xmit', number: 12 },
  { name: 'sock_ops', number: 13 },
  { name: 'sk_skb', number: 14 },
  { name: 'cgroup_device', number: 15 },
  { name: 'sk_msg', number: 16 },
  { name: 'raw_tracepoint', number: 17 },
  { name: 'cgroup_sock_addr', number: 18 },
  { name: 'lwt_seg6local', number: 19 },
  { name: 'lirc_mode2', number: 20 },
  { name: 'sk_reuseport', number: 21 },
  { name: 'flow_dissector', number: 22 },
  { name: 'cgroup_sysctl', number: 23 },
  { name: 'raw_tracepoint_writable', number: 24 },
  { name: 'cgroup_sockopt', number: 25 },
  { name: 'tracing', number: 26 },
  { name: 'struct_ops', number: 27 },
  { name: 'ext', number: 28 },
  { name: 'lsm', number: 29 },
  { name: 'sk_lookup', number: 30 },
  { name: 'syscall', number: 31 },
  { name: 'netfilter', number: 32 },
] as const

/** A program type as bpftool spells it: `sched_cls`. */
export type ProgramType = (typeof programTypes)[number]['name']

/** Attach types by their number in `enum bpf_attach_type`, names as bpftool prints them. */
export const attachTypes = [
  'cgroup_inet_ingress',
  'cgroup_inet_egress',
  'cgroup_inet_sock_create',
  'cgroup_sock_ops',
  'sk_skb_stream_parser',
  'sk_skb_stream_verdict',
  'cgroup_device',
  'sk_msg_verdict',
  'cgroup_inet4_bind',
  'cgroup_inet6_bind',
  'cgroup_inet4_connect',
  'cgroup_inet6_connect',
  'cgroup_inet4_post_bind',
  'cgroup_inet6_post_bind',
  'cgroup_udp4_sendmsg',
  'cgroup_udp6_sendmsg',
  'lirc_mode2',
  'flow_dissector',
  'cgroup_sysctl',
  'cgroup_udp4_recvmsg',
  'cgroup_udp6_recvmsg',
  'cgroup_getsockopt',
  'cgroup_setsockopt',
  'trace_raw_tp',
  'trace_fentry',
  'trace_fexit',
  'modify_return',
  'lsm_mac',
  'trace_iter',
  'cgroup_inet4_getpeername',
  'cgroup_inet6_getpeername',
  'cgroup_inet4_getsockname',
  'cgroup_inet6_getsockname',
  'xdp_devmap',
  'cgroup_inet_sock_release',
  'xdp_cpumap',
  'sk_lookup',
  'xdp',
  'sk_skb_verdict',
  'sk_reuseport_select',
  'sk_reuseport_select_or_migrate',
  'perf_event',
  'trace_kprobe_multi',
  'lsm_cgroup',
  'struct_ops',
  'netfilter',
  'tcx_ingress',
  'tcx_egress',
  'trace_uprobe_multi',
  'cgroup_unix_connect',
  'cgroup_unix_sendmsg',
  'cgroup_unix_recvmsg',
  'cgroup_unix_getpeername',
  'cgroup_unix_getsockname',
  'netkit_primary',
  'netkit_peer',
  'trace_kprobe_session',
  'trace_uprobe_session',
  'trace_fsession',
] as const

/** An attach type of the kernel, in lower case without `BPF_`. */
export type AttachType = (typeof attachTypes)[number]

const typeNumbers = new Map<string, number>(programTypes.map((type) => [type.name, type.number]))
const typeNames = new Map<number, ProgramType>(programTypes.map((type) => [type.number, type.name]))
const attachNumbers = new Map<string, number>(attachTypes.map((name, number) => [name, number]))

/** The number of a program type in `enum bpf_prog_type`. */
export const programTypeNumber = (type: ProgramType): number => typeNumbers.get(type) ?? 0

/** The program type with that number, or undefined for one newer than the table. */
export const programTypeOf = (number: number): ProgramType | undefined => typeNames.get(number)

/** The number of an attach type in `enum bpf_attach_type`. */
export const attachTypeNumber = (type: AttachType): number => attachNumbers.get(type) ?? 0

/** The attach type with that number, or undefined for one newer than the table. */
export const attachTypeOf = (number: number): AttachType | undefined => attachTypes[number]
