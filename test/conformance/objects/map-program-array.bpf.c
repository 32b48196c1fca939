// SPDX-License-Identifier: MIT
// A program array that the object fills, and tail calls into it from two programs.
#include "common.h"

GPL;
int first(struct __sk_buff *skb);
int third(struct __sk_buff *skb);
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 5);
	__uint(key_size, sizeof(__u32));
	__array(values, int(struct __sk_buff *));
} jumps SEC(".maps") = { .values = { [0] = &first, [2] = &third } };
SEC("tc") int first(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &jumps, 2);
	return 1;
}
SEC("tc") int third(struct __sk_buff *skb)
{
	return 3;
}
SEC("tc") int entry(struct __sk_buff *skb)
{
	bpf_tail_call_static(skb, &jumps, 0);
	bpf_tail_call(skb, &jumps, skb->mark);
	return 0;
}
