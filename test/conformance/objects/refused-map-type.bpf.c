// SPDX-License-Identifier: MIT
// A map type that no kernel has.
#include "common.h"

GPL;
struct {
	__uint(type, 999);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} from_the_future SEC(".maps");
SEC("socket") int uses(struct __sk_buff *skb)
{
	__u32 key = 0;
	return bpf_map_lookup_elem(&from_the_future, &key) != 0;
}
