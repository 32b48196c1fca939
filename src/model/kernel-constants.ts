/** A constant of the enums of bpf(2), by which a kernel tells what it can do. */
export interface KernelConstant {
  /** `BPF_TCX_INGRESS`. */
  readonly name: string
  /** The enum that it is in, by its name in the kernel's BTF. */
  readonly enum: string
  /** The first Linux that has it: `6.6`. Distributions have some earlier. */
  readonly since: string
}

const newer: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  bpf_map_type: {
    '5.10': ['BPF_MAP_TYPE_INODE_STORAGE'],
    '5.11': ['BPF_MAP_TYPE_TASK_STORAGE'],
    '5.16': ['BPF_MAP_TYPE_BLOOM_FILTER'],
    '6.1': ['BPF_MAP_TYPE_USER_RINGBUF'],
    '6.2': ['BPF_MAP_TYPE_CGRP_STORAGE'],
    '6.9': ['BPF_MAP_TYPE_ARENA'],
  },
  bpf_prog_type: {
    '5.9': ['BPF_PROG_TYPE_SK_LOOKUP'],
    '5.14': ['BPF_PROG_TYPE_SYSCALL'],
    '6.4': ['BPF_PROG_TYPE_NETFILTER'],
  },
  bpf_attach_type: {
    '5.9': ['BPF_XDP', 'BPF_SK_LOOKUP', 'BPF_CGROUP_INET_SOCK_RELEASE'],
    '5.15': ['BPF_PERF_EVENT'],
    '6.0': ['BPF_LSM_CGROUP'],
    '6.4': ['BPF_STRUCT_OPS', 'BPF_NETFILTER'],
    '6.6': ['BPF_TCX_INGRESS', 'BPF_TCX_EGRESS'],
    '6.7': [
      'BPF_CGROUP_UNIX_CONNECT',
      'BPF_CGROUP_UNIX_SENDMSG',
      'BPF_CGROUP_UNIX_RECVMSG',
      'BPF_CGROUP_UNIX_GETPEERNAME',
      'BPF_CGROUP_UNIX_GETSOCKNAME',
    ],
    '7.0': ['BPF_TRACE_FSESSION'],
  },
  // Where an iterator over cgroups starts, and which tasks one over tasks walks.
  bpf_cgroup_iter_order: { '6.1': ['BPF_CGROUP_ITER_SELF_ONLY'] },
  bpf_iter_task_type: { '6.1': ['BPF_TASK_ITER_TID'] },
}

/** Those that came when others of what pinfold needs were there. */
export const kernelConstants: ReadonlyMap<string, KernelConstant> = new Map(
  Object.entries(newer).flatMap(([type, rows]) =>
    Object.entries(rows).flatMap(([since, names]) =>
      names.map((name): [string, KernelConstant] => [name, { name, enum: type, since }]),
    ),
  ),
)
