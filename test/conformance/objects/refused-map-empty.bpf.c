// SPDX-License-Identifier: MIT
// A hash without entries.
#include "common.h"

GPL;
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, __u32);
} sizeless SEC(".maps");
SEC("socket") int uses(struct __sk_buff *skb)
{
	__u32 key = 0;
	return bpf_map_lookup_elem(&sizeless, &key) != 0;
}
