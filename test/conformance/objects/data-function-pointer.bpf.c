// SPDX-License-Identifier: MIT
// The address of a function in a table.
#include "common.h"

GPL;
static __noinline long adds(__u32 index, void *context)
{
	return 0;
}
SEC("tc") int loops(struct __sk_buff *skb)
{
	return bpf_loop(skb->len & 7, adds, 0, 0);
}
