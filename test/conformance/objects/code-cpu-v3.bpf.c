// SPDX-License-Identifier: MIT
// compile: -mcpu=v3
// Instructions of the third set: 32-bit jumps, atomics that return.
#include "common.h"

GPL;
ARRAY(counted, 4, __u64);
SEC("socket") int counts(struct __sk_buff *skb)
{
	__u32 key = skb->len & 3;
	__u64 *value = bpf_map_lookup_elem(&counted, &key);
	if (!value || skb->len > 7)
		return 0;
	__sync_fetch_and_or(value, 4);
	return __sync_fetch_and_add(value, 2) + __sync_val_compare_and_swap(value, 3, 4) + __sync_lock_test_and_set(value, 9);
}
