import type { ProgramType } from '../model/program-types.ts'
import { errnoName } from './errno.ts'
import { type Capability, capabilities, permissionHint } from './permission.ts'
import type { ProgramLoad } from './program-load.ts'

/** Advice on a program that the kernel refused without a word of the verifier; undefined where the errno says it all. */
export function loadHint({ load, instructions }: ProgramLoad, errno: number): string | undefined {
  switch (errnoName(errno)) {
    case 'EPERM':
      return missingCapability(load.type) ?? permissionHint() ?? lockdownHint(load.type)
    case 'E2BIG':
      return `it has ${instructions.length / 8} instructions; 1,000,000 are the most, and 4,096 without CAP_BPF: split it by tail calls`
    default:
      return undefined
  }
}

/** Types that run inside of the kernel's own functions; where securityfs is not mounted, nobody tells whether they may. */
const tracers: readonly ProgramType[] = ['tracing', 'lsm', 'ext']

const lockdownHint = (type: ProgramType): string | undefined =>
  tracers.includes(type)
    ? 'the kernel may be locked down (/sys/kernel/security/lockdown, or `dmesg | grep lockdown`): then it takes no program of this type'
    : undefined

interface TypeRule {
  readonly capability: Capability
  readonly types: readonly ProgramType[]
}

/** is_net_admin_prog_type and is_perfmon_prog_type of kernel/bpf/syscall.c; CAP_SYS_ADMIN stands for both. */
const typeRules: readonly TypeRule[] = [
  {
    capability: 'net_admin',
    types: [
      ...([
        'sched_cls',
        'sched_act',
        'xdp',
        'lwt_in',
        'lwt_out',
        'lwt_xmit',
        'lwt_seg6local',
        'sk_skb',
        'sk_msg',
      ] as const),
      ...(['flow_dissector', 'cgroup_device', 'cgroup_sock', 'cgroup_sock_addr', 'cgroup_sockopt'] as const),
      ...(['cgroup_sysctl', 'sock_ops', 'ext', 'netfilter'] as const),
    ],
  },
  {
    capability: 'perfmon',
    types: [
      ...(['kprobe', 'tracepoint', 'perf_event', 'raw_tracepoint', 'raw_tracepoint_writable'] as const),
      ...(['tracing', 'lsm', 'struct_ops', 'ext'] as const),
    ],
  },
]

/** The capability that a program of this type needs beside CAP_BPF and that a process with this status has not. */
export function missingCapability(type: ProgramType, status?: string): string | undefined {
  const effective = capabilities(status)
  if (effective.has('sys_admin') || !effective.has('bpf')) return undefined
  const rule = typeRules.find(({ capability, types }) => types.includes(type) && !effective.has(capability))
  return rule && `a program of type ${type} needs CAP_${rule.capability.toUpperCase()}, too`
}
