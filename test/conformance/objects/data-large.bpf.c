// SPDX-License-Identifier: MIT
// A section larger than a page, and variables at its end.
#include "common.h"

GPL;
__u64 table[2000] = { [1999] = 5 };
__u8 buffer[70000];
__u32 behind = 6;
SEC("tc") int uses(struct __sk_buff *skb)
{
	buffer[69999] = skb->len;
	return table[1999] + behind + buffer[skb->mark & 1023];
}
