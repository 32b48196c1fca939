// SPDX-License-Identifier: MIT
// A tail call out of a function that is called.
#include "common.h"

GPL;
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} jumps SEC(".maps");
static __noinline int leaves(struct __sk_buff *skb)
{
	bpf_tail_call_static(skb, &jumps, 1);
	return 1;
}
SEC("tc") int entry(struct __sk_buff *skb)
{
	int result = leaves(skb);
	return result + 1;
}
