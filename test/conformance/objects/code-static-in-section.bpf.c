// SPDX-License-Identifier: MIT
// A static function between the programs of a section, and a program that another one calls.
#include "common.h"

GPL;
static SEC("tc") __noinline int between(struct __sk_buff *skb)
{
	return skb->mark + bpf_get_prandom_u32();
}
SEC("tc") int one(struct __sk_buff *skb)
{
	return between(skb) + 1;
}
SEC("tc") __noinline int also_called(struct __sk_buff *skb)
{
	return between(skb) + 2;
}
SEC("tc") int three(struct __sk_buff *skb)
{
	return also_called(skb) + between(skb);
}
