// SPDX-License-Identifier: MIT
// Gaps, aligned variables and bits.
#include "common.h"

GPL;
char a = 1;
__u64 b __attribute__((aligned(64))) = 2;
char c = 3;
struct {
	unsigned int three : 3, five : 5;
	unsigned long long many : 40;
} bits = { 1, 2, 3 };
struct __attribute__((packed)) {
	char one;
	int four;
} packed = { 1, 4 };
SEC("tc") int uses(struct __sk_buff *skb)
{
	bits.five = skb->len;
	packed.four += bits.many;
	return a + b + c + bits.three + packed.four;
}
