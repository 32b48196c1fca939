// SPDX-License-Identifier: MIT
// A variable that points to a map: the address is known to nobody when the data is written.
#include "common.h"

GPL;
ARRAY(target, 1, __u32);
void *pointer = &target;
SEC("tc") int uses(struct __sk_buff *skb)
{
	return pointer != 0;
}
