// SPDX-License-Identifier: MIT
// A map on one memory node.
#include "common.h"

GPL;
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__uint(map_flags, BPF_F_NUMA_NODE);
	__uint(numa_node, 0);
	__type(key, __u32);
	__type(value, __u32);
} near SEC(".maps");
SEC("socket") int uses(struct __sk_buff *skb)
{
	__u32 key = 1;
	return bpf_map_lookup_elem(&near, &key) != 0;
}
