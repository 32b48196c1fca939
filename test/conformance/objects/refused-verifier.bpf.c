// SPDX-License-Identifier: MIT
// A pointer that is not checked.
#include "common.h"

GPL;
ARRAY(values, 1, __u64);
SEC("tc") int careless(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&values, &key);
	return *value;
}
