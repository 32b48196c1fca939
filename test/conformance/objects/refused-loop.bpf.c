// SPDX-License-Identifier: MIT
// A loop that does not end.
#include "common.h"

GPL;
SEC("tc") int endless(struct __sk_buff *skb)
{
	for (volatile int i = 0;; i++)
		if (i == -1)
			return 0;
}
