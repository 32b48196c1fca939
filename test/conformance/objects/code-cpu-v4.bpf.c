// SPDX-License-Identifier: MIT
// compile: -mcpu=v4
// Instructions of the fourth set: signed division and loads, byte swaps, long jumps.
#include "common.h"

GPL;
ARRAY(counted, 4, __s32);
SEC("socket") int counts(struct __sk_buff *skb)
{
	__u32 key = skb->len & 3;
	__s32 *value = bpf_map_lookup_elem(&counted, &key);
	if (!value)
		return 0;
	return *value / (int)3 + *(volatile __s8 *)value + __builtin_bswap32(skb->len) % 7;
}
