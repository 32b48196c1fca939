// SPDX-License-Identifier: MIT
// CO-RE: fields inside anonymous structs and unions of the kernel.
#include "core.h"

GPL;
struct sock_common {
	unsigned int skc_daddr;
	unsigned short skc_family;
	unsigned short skc_dport;
} CORE;
struct sock {
	struct sock_common __sk_common;
} CORE;
struct sk_buff {
	struct sk_buff *next;
	struct sock *sk;
	unsigned int len;
	union {
		unsigned int mark;
	};
} CORE;
SEC("raw_tp/kfree_skb") int reads(unsigned long long *ctx)
{
	struct sk_buff *skb = (void *)ctx[0];
	return BPF_CORE_READ(skb, sk, __sk_common.skc_dport) + BPF_CORE_READ(skb, len) + BPF_CORE_READ(skb, mark) +
	       BPF_CORE_READ(skb, sk, __sk_common.skc_daddr);
}
