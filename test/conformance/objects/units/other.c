// SPDX-License-Identifier: MIT
// The other unit of code-linked.
#include "../common.h"

int shared_count = 9;
ARRAY(shared_map, 2, __u64);
static int own = 5;
static const char text[] = "there";
static __noinline int same_name(int n)
{
	return n * own + bpf_get_prandom_u32();
}
__noinline int overridden(int n)
{
	return n + 200;
}
__noinline int from_other(int n)
{
	return same_name(n) + overridden(n);
}
SEC("tc") int in_there(struct __sk_buff *skb)
{
	own--;
	bpf_trace_printk(text, sizeof(text));
	return same_name(skb->len) + shared_count;
}
