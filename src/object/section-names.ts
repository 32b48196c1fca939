import type { AttachType, ProgramType } from '../model/program-types.ts'

/** What a section's name says about the programs in it. */
export interface SectionMeaning {
  readonly type?: ProgramType
  readonly attachType?: AttachType
  /** What follows the slash, where the row allows it. */
  readonly attachTarget?: string
  /** BPF_F_* flags of BPF_PROG_LOAD. */
  readonly flags: number
  /** False for a name that starts with `?`. */
  readonly autoload: boolean
}

interface SectionRule {
  /** `name` matches only itself; `name+` also `name/anything`. */
  readonly pattern: string
  readonly type: ProgramType
  readonly attachType?: AttachType
  readonly flags?: number
}

/** Reads a section's name as libbpf 1.x does: exact names, so that `xdp_foo` means nothing. */
export function parseSectionName(section: string): SectionMeaning {
  const autoload = !section.startsWith('?')
  const name = autoload ? section : section.slice(1)
  const rule = rules.find(({ pattern }) => matches(pattern, name))
  if (!rule) return { flags: 0, autoload }
  const target = rule.pattern.endsWith('+') ? name.slice(rule.pattern.length) : ''
  return {
    type: rule.type,
    ...(rule.attachType === undefined ? {} : { attachType: rule.attachType }),
    ...(target === '' ? {} : { attachTarget: target }),
    flags: rule.flags ?? 0,
    autoload,
  }
}

function matches(pattern: string, name: string): boolean {
  if (!pattern.endsWith('+')) return pattern === name
  const stem = pattern.slice(0, -1)
  return name === stem || name.startsWith(`${stem}/`)
}

const sleepable = 1 << 4
const frags = 1 << 5

/** In the order of libbpf; the attach type is what BPF_PROG_LOAD gets as expected_attach_type. */
const rules: readonly SectionRule[] = [
  { pattern: 'socket', type: 'socket_filter' },
  { pattern: 'sk_reuseport/migrate', type: 'sk_reuseport', attachType: 'sk_reuseport_select_or_migrate' },
  { pattern: 'sk_reuseport', type: 'sk_reuseport', attachType: 'sk_reuseport_select' },
  { pattern: 'kprobe+', type: 'kprobe' },
  { pattern: 'uprobe+', type: 'kprobe' },
  { pattern: 'uprobe.s+', type: 'kprobe', flags: sleepable },
  { pattern: 'kretprobe+', type: 'kprobe' },
  { pattern: 'uretprobe+', type: 'kprobe' },
  { pattern: 'uretprobe.s+', type: 'kprobe', flags: sleepable },
  { pattern: 'kprobe.multi+', type: 'kprobe', attachType: 'trace_kprobe_multi' },
  { pattern: 'kretprobe.multi+', type: 'kprobe', attachType: 'trace_kprobe_multi' },
  { pattern: 'kprobe.session+', type: 'kprobe', attachType: 'trace_kprobe_session' },
  { pattern: 'uprobe.multi+', type: 'kprobe', attachType: 'trace_uprobe_multi' },
  { pattern: 'uretprobe.multi+', type: 'kprobe', attachType: 'trace_uprobe_multi' },
  { pattern: 'uprobe.session+', type: 'kprobe', attachType: 'trace_uprobe_session' },
  // Sleepable variants exist for user-space probes only: kernel functions may be hit where nothing can sleep.
  { pattern: 'uprobe.multi.s+', type: 'kprobe', attachType: 'trace_uprobe_multi', flags: sleepable },
  { pattern: 'uretprobe.multi.s+', type: 'kprobe', attachType: 'trace_uprobe_multi', flags: sleepable },
  { pattern: 'uprobe.session.s+', type: 'kprobe', attachType: 'trace_uprobe_session', flags: sleepable },
  { pattern: 'ksyscall+', type: 'kprobe' },
  { pattern: 'kretsyscall+', type: 'kprobe' },
  // libbpf attaches these by itself, through notes in the binary; to the kernel they are uprobes.
  { pattern: 'usdt+', type: 'kprobe' },
  { pattern: 'usdt.s+', type: 'kprobe', flags: sleepable },
  // Since libbpf 1.3 the older spelling means tcx, too; a netlink attachment does not mind the attach type.
  { pattern: 'tc/ingress', type: 'sched_cls', attachType: 'tcx_ingress' },
  { pattern: 'tc/egress', type: 'sched_cls', attachType: 'tcx_egress' },
  { pattern: 'tcx/ingress', type: 'sched_cls', attachType: 'tcx_ingress' },
  { pattern: 'tcx/egress', type: 'sched_cls', attachType: 'tcx_egress' },
  { pattern: 'tc', type: 'sched_cls' },
  { pattern: 'classifier', type: 'sched_cls' },
  { pattern: 'action', type: 'sched_act' },
  { pattern: 'netkit/primary', type: 'sched_cls', attachType: 'netkit_primary' },
  { pattern: 'netkit/peer', type: 'sched_cls', attachType: 'netkit_peer' },
  // An attach target is told apart from the section by its first slash, so this one is `category/name`.
  { pattern: 'tracepoint+', type: 'tracepoint' },
  { pattern: 'tp+', type: 'tracepoint' },
  { pattern: 'raw_tracepoint+', type: 'raw_tracepoint' },
  { pattern: 'raw_tp+', type: 'raw_tracepoint' },
  { pattern: 'raw_tracepoint.w+', type: 'raw_tracepoint_writable' },
  { pattern: 'raw_tp.w+', type: 'raw_tracepoint_writable' },
  { pattern: 'tp_btf+', type: 'tracing', attachType: 'trace_raw_tp' },
  { pattern: 'fentry+', type: 'tracing', attachType: 'trace_fentry' },
  { pattern: 'fmod_ret+', type: 'tracing', attachType: 'modify_return' },
  { pattern: 'fexit+', type: 'tracing', attachType: 'trace_fexit' },
  { pattern: 'fentry.s+', type: 'tracing', attachType: 'trace_fentry', flags: sleepable },
  { pattern: 'fmod_ret.s+', type: 'tracing', attachType: 'modify_return', flags: sleepable },
  { pattern: 'fexit.s+', type: 'tracing', attachType: 'trace_fexit', flags: sleepable },
  // The newest row: entry and exit of a function in one program.
  { pattern: 'fsession+', type: 'tracing', attachType: 'trace_fsession' },
  { pattern: 'fsession.s+', type: 'tracing', attachType: 'trace_fsession', flags: sleepable },
  // The attach type is that of the program it replaces.
  { pattern: 'freplace+', type: 'ext' },
  { pattern: 'lsm+', type: 'lsm', attachType: 'lsm_mac' },
  { pattern: 'lsm.s+', type: 'lsm', attachType: 'lsm_mac', flags: sleepable },
  { pattern: 'lsm_cgroup+', type: 'lsm', attachType: 'lsm_cgroup' },
  { pattern: 'iter+', type: 'tracing', attachType: 'trace_iter' },
  { pattern: 'iter.s+', type: 'tracing', attachType: 'trace_iter', flags: sleepable },
  // Always sleepable: the kernel refuses it otherwise.
  { pattern: 'syscall', type: 'syscall', flags: sleepable },
  // Longer names stand first, though each is matched whole: the order is that of libbpf.
  { pattern: 'xdp.frags/devmap', type: 'xdp', attachType: 'xdp_devmap', flags: frags },
  { pattern: 'xdp/devmap', type: 'xdp', attachType: 'xdp_devmap' },
  { pattern: 'xdp.frags/cpumap', type: 'xdp', attachType: 'xdp_cpumap', flags: frags },
  { pattern: 'xdp/cpumap', type: 'xdp', attachType: 'xdp_cpumap' },
  { pattern: 'xdp.frags', type: 'xdp', attachType: 'xdp', flags: frags },
  { pattern: 'xdp', type: 'xdp', attachType: 'xdp' },
  { pattern: 'perf_event', type: 'perf_event' },
  { pattern: 'lwt_in', type: 'lwt_in' },
  { pattern: 'lwt_out', type: 'lwt_out' },
  { pattern: 'lwt_xmit', type: 'lwt_xmit' },
  { pattern: 'lwt_seg6local', type: 'lwt_seg6local' },
  { pattern: 'sockops', type: 'sock_ops', attachType: 'cgroup_sock_ops' },
  { pattern: 'sk_skb/stream_parser', type: 'sk_skb', attachType: 'sk_skb_stream_parser' },
  { pattern: 'sk_skb/stream_verdict', type: 'sk_skb', attachType: 'sk_skb_stream_verdict' },
  { pattern: 'sk_skb/verdict', type: 'sk_skb', attachType: 'sk_skb_verdict' },
  { pattern: 'sk_skb', type: 'sk_skb' },
  { pattern: 'sk_msg', type: 'sk_msg', attachType: 'sk_msg_verdict' },
  { pattern: 'lirc_mode2', type: 'lirc_mode2', attachType: 'lirc_mode2' },
  { pattern: 'flow_dissector', type: 'flow_dissector', attachType: 'flow_dissector' },
  { pattern: 'cgroup_skb/ingress', type: 'cgroup_skb', attachType: 'cgroup_inet_ingress' },
  { pattern: 'cgroup_skb/egress', type: 'cgroup_skb', attachType: 'cgroup_inet_egress' },
  // Attaches to either direction, so it has no attach type of its own.
  { pattern: 'cgroup/skb', type: 'cgroup_skb' },
  { pattern: 'cgroup/sock_create', type: 'cgroup_sock', attachType: 'cgroup_inet_sock_create' },
  { pattern: 'cgroup/sock_release', type: 'cgroup_sock', attachType: 'cgroup_inet_sock_release' },
  // The name from before there were two kinds; the kernel takes it without an attach type as well.
  { pattern: 'cgroup/sock', type: 'cgroup_sock', attachType: 'cgroup_inet_sock_create' },
  { pattern: 'cgroup/post_bind4', type: 'cgroup_sock', attachType: 'cgroup_inet4_post_bind' },
  { pattern: 'cgroup/post_bind6', type: 'cgroup_sock', attachType: 'cgroup_inet6_post_bind' },
  { pattern: 'cgroup/bind4', type: 'cgroup_sock_addr', attachType: 'cgroup_inet4_bind' },
  { pattern: 'cgroup/bind6', type: 'cgroup_sock_addr', attachType: 'cgroup_inet6_bind' },
  { pattern: 'cgroup/connect4', type: 'cgroup_sock_addr', attachType: 'cgroup_inet4_connect' },
  { pattern: 'cgroup/connect6', type: 'cgroup_sock_addr', attachType: 'cgroup_inet6_connect' },
  { pattern: 'cgroup/connect_unix', type: 'cgroup_sock_addr', attachType: 'cgroup_unix_connect' },
  { pattern: 'cgroup/sendmsg4', type: 'cgroup_sock_addr', attachType: 'cgroup_udp4_sendmsg' },
  { pattern: 'cgroup/sendmsg6', type: 'cgroup_sock_addr', attachType: 'cgroup_udp6_sendmsg' },
  { pattern: 'cgroup/sendmsg_unix', type: 'cgroup_sock_addr', attachType: 'cgroup_unix_sendmsg' },
  { pattern: 'cgroup/recvmsg4', type: 'cgroup_sock_addr', attachType: 'cgroup_udp4_recvmsg' },
  { pattern: 'cgroup/recvmsg6', type: 'cgroup_sock_addr', attachType: 'cgroup_udp6_recvmsg' },
  { pattern: 'cgroup/recvmsg_unix', type: 'cgroup_sock_addr', attachType: 'cgroup_unix_recvmsg' },
  { pattern: 'cgroup/getpeername4', type: 'cgroup_sock_addr', attachType: 'cgroup_inet4_getpeername' },
  { pattern: 'cgroup/getpeername6', type: 'cgroup_sock_addr', attachType: 'cgroup_inet6_getpeername' },
  { pattern: 'cgroup/getpeername_unix', type: 'cgroup_sock_addr', attachType: 'cgroup_unix_getpeername' },
  { pattern: 'cgroup/getsockname4', type: 'cgroup_sock_addr', attachType: 'cgroup_inet4_getsockname' },
  { pattern: 'cgroup/getsockname6', type: 'cgroup_sock_addr', attachType: 'cgroup_inet6_getsockname' },
  { pattern: 'cgroup/getsockname_unix', type: 'cgroup_sock_addr', attachType: 'cgroup_unix_getsockname' },
  { pattern: 'cgroup/sysctl', type: 'cgroup_sysctl', attachType: 'cgroup_sysctl' },
  { pattern: 'cgroup/getsockopt', type: 'cgroup_sockopt', attachType: 'cgroup_getsockopt' },
  { pattern: 'cgroup/setsockopt', type: 'cgroup_sockopt', attachType: 'cgroup_setsockopt' },
  { pattern: 'cgroup/dev', type: 'cgroup_device', attachType: 'cgroup_device' },
  { pattern: 'struct_ops+', type: 'struct_ops' },
  { pattern: 'struct_ops.s+', type: 'struct_ops', flags: sleepable },
  { pattern: 'sk_lookup', type: 'sk_lookup', attachType: 'sk_lookup' },
  { pattern: 'netfilter', type: 'netfilter', attachType: 'netfilter' },
]

/** The patterns of all rows, in their order: `name`, or `name+` where `/anything` may follow. */
export const sectionPatterns: readonly string[] = rules.map(({ pattern }) => pattern)
