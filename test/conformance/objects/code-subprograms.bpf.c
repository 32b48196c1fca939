// SPDX-License-Identifier: MIT
// Static and global functions, called from two programs, and the order in which they are put behind each.
#include "common.h"

GPL;
static __noinline int leaf(__u32 n)
{
	return bpf_get_smp_processor_id() + n;
}
__noinline int global_leaf(__u32 n)
{
	return leaf(n) * 3;
}
static __noinline int middle(__u32 n)
{
	return global_leaf(n + 1) + leaf(n + 2);
}
__noinline int top(__u32 n)
{
	return middle(n) + global_leaf(n);
}
SEC("tc") int first(struct __sk_buff *skb)
{
	return top(skb->len);
}
SEC("tc") int second(struct __sk_buff *skb)
{
	return leaf(skb->len) + top(skb->mark) + middle(skb->len);
}
