// SPDX-License-Identifier: MIT
// A program that another one of its section calls.
#include "common.h"

GPL;
SEC("tc") __noinline int also_called(struct __sk_buff *skb)
{
	return skb->mark + bpf_get_prandom_u32();
}
SEC("tc") int caller(struct __sk_buff *skb)
{
	return also_called(skb) + 1;
}
