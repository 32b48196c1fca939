// SPDX-License-Identifier: MIT
// A map that wants a pin of its own.
#include "common.h"

GPL;
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
	__type(key, __u32);
	__type(value, __u32);
} shared SEC(".maps");
SEC("socket") int uses(struct __sk_buff *skb)
{
	__u32 key = 1;
	return bpf_map_lookup_elem(&shared, &key) != 0;
}
