// SPDX-License-Identifier: MIT
// A static map.
#include "common.h"

GPL;
static struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} hidden SEC(".maps");
SEC("socket") int uses(struct __sk_buff *skb)
{
	__u32 key = 0;
	return bpf_map_lookup_elem(&hidden, &key) != 0;
}
