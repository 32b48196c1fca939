// SPDX-License-Identifier: MIT
// Weak and hidden functions.
#include "common.h"

GPL;
__weak __noinline int weak_one(__u32 n)
{
	return n + 1;
}
__hidden __noinline int hidden_one(__u32 n)
{
	return weak_one(n) + bpf_get_prandom_u32();
}
__weak __hidden __noinline int weak_hidden(int *n)
{
	return *n + 2;
}
SEC("tc") int calls(struct __sk_buff *skb)
{
	int n = skb->len;
	return hidden_one(n) + weak_hidden(&n) + weak_one(3);
}
/* What the kernel enters stays global. */
__hidden SEC("tc") int hidden_program(struct __sk_buff *skb)
{
	return hidden_one(skb->len);
}
