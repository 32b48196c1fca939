// SPDX-License-Identifier: MIT
// Variables of which each CPU has its own. Kernels before 7.2 refuse them.
#include "common.h"

GPL;
struct pair {
	long packets, bytes;
};
int hits SEC(".percpu");
static int starts SEC(".percpu") = 7;
struct pair pairs SEC(".percpu.pairs") = { 3, 4 };
SEC("tc") int counts(struct __sk_buff *skb)
{
	hits++;
	pairs.packets += starts;
	pairs.bytes += skb->len;
	return hits;
}
