// SPDX-License-Identifier: MIT
// A program of some thousand instructions: jumps of all widths.
#include "common.h"

GPL;
#define STEP(n) \
	if (mark == n) \
		sum += length * (n + 3) + bpf_get_prandom_u32();
#define STEPS(n) STEP(n) STEP(n + 1) STEP(n + 2) STEP(n + 3) STEP(n + 4) STEP(n + 5) STEP(n + 6) STEP(n + 7)
#define MANY(n) STEPS(n) STEPS(n + 8) STEPS(n + 16) STEPS(n + 24) STEPS(n + 32) STEPS(n + 40)
SEC("tc") int long_one(struct __sk_buff *skb)
{
	__u32 mark = skb->mark, length = skb->len;
	int sum = 0;
	MANY(0) MANY(48) MANY(96) MANY(144)
	return sum;
}
