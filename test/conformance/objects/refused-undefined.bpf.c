// SPDX-License-Identifier: MIT
// A function that nobody defines.
#include "common.h"

GPL;
extern int nowhere(int n);
SEC("tc") int calls(struct __sk_buff *skb)
{
	return nowhere(skb->len);
}
