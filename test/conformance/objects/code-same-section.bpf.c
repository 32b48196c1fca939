// SPDX-License-Identifier: MIT
// Several programs in one section that share functions.
#include "common.h"

GPL;
static __noinline int shared(struct __sk_buff *skb)
{
	return skb->mark + bpf_get_prandom_u32();
}
SEC("tc") int one(struct __sk_buff *skb)
{
	return shared(skb) + 1;
}
SEC("tc") int two(struct __sk_buff *skb)
{
	return skb->len;
}
SEC("tc") int three(struct __sk_buff *skb)
{
	return shared(skb) + shared(skb + 0);
}
