// SPDX-License-Identifier: MIT
// compile: -mcpu=v1
// Instructions of the first set.
#include "common.h"

GPL;
ARRAY(counted, 4, __u64);
SEC("socket") int counts(struct __sk_buff *skb)
{
	__u32 key = skb->len & 3;
	__u64 *value = bpf_map_lookup_elem(&counted, &key);
	if (value && *value < 1000 && (int)skb->len > -5)
		__sync_fetch_and_add(value, skb->len);
	return 0;
}
