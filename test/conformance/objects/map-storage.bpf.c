// SPDX-License-Identifier: MIT
// Storage that belongs to sockets, cgroups, tasks and inodes.
#include "common.h"

GPL;
/* Newer than the headers. */
#define CGRP_STORAGE 32
#define MAP(name, kind, key_type) \
	struct { \
		__uint(type, kind); \
		__uint(map_flags, BPF_F_NO_PREALLOC); \
		__type(key, key_type); \
		__type(value, __u64); \
	} name SEC(".maps")
MAP(of_sockets, BPF_MAP_TYPE_SK_STORAGE, int);
MAP(of_tasks, BPF_MAP_TYPE_TASK_STORAGE, int);
MAP(of_inodes, BPF_MAP_TYPE_INODE_STORAGE, int);
MAP(of_cgroups, CGRP_STORAGE, int);
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_STORAGE);
	__type(key, struct bpf_cgroup_storage_key);
	__type(value, __u64);
} older SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE);
	__type(key, __u64);
	__type(value, __u32);
} older_each_cpu SEC(".maps");
SEC("cgroup_skb/egress") int counts(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	__u64 *value = bpf_get_local_storage(&older, 0);
	__u32 *each_cpu = bpf_get_local_storage(&older_each_cpu, 0);
	__u64 *stored;
	*value += 1;
	*each_cpu += 1;
	if (!sk)
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (!sk)
		return 1;
	stored = bpf_sk_storage_get(&of_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (stored)
		*stored += skb->len;
	return 1;
}
