// SPDX-License-Identifier: MIT
// Loops, unrolled or not, and a switch that may become a table.
#include "common.h"

GPL;
SEC("tc") int loops(struct __sk_buff *skb)
{
	__u32 sum = 0;
	for (int i = 0; i < 50; i++)
		sum = sum * 31 + (bpf_get_prandom_u32() ^ i);
	switch (sum & 7) {
	case 0: return 11;
	case 1: return 37;
	case 2: return 5;
	case 3: return 99;
	case 4: return 42;
	case 5: return 23;
	case 6: return 17;
	}
	return sum;
}
