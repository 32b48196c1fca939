// SPDX-License-Identifier: MIT
// Eight programs that cost the verifier about 700,000 instructions each: it walks every round of a loop whose counter it knows.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define ROUNDS 70000

#define HEAVY(number) \
	SEC("tc") int heavy_##number(struct __sk_buff *skb) \
	{ \
		__u64 sum = skb->len; \
		for (__u32 i = 0; i < ROUNDS; i++) { \
			sum = sum * 31 + i; \
			asm volatile("" : "+r"(sum)); \
			sum ^= number; \
			asm volatile("" : "+r"(i)); \
		} \
		return sum; \
	}

HEAVY(0)
HEAVY(1)
HEAVY(2)
HEAVY(3)
HEAVY(4)
HEAVY(5)
HEAVY(6)
HEAVY(7)

char LICENSE[] SEC("license") = "Dual MIT/GPL";
