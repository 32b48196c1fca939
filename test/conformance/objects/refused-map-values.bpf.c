// SPDX-License-Identifier: MIT
// A definition by values instead of types.
#include "common.h"

GPL;
struct {
	int type, max_entries;
} by_values SEC(".maps") = { .type = BPF_MAP_TYPE_ARRAY, .max_entries = 1 };
SEC("socket") int uses(struct __sk_buff *skb)
{
	__u32 key = 0;
	return bpf_map_lookup_elem(&by_values, &key) != 0;
}
