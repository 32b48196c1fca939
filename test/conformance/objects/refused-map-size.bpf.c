// SPDX-License-Identifier: MIT
// A definition whose sizes contradict each other.
#include "common.h"

GPL;
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 8);
	__type(key, __u32);
	__type(value, __u32);
} torn SEC(".maps");
SEC("socket") int uses(struct __sk_buff *skb)
{
	__u64 key = 0;
	return bpf_map_lookup_elem(&torn, &key) != 0;
}
