// SPDX-License-Identifier: MIT
// A function that must be in the kernel and is not.
#include "common.h"

GPL;
extern int no_such_function(int n) __ksym;
SEC("tc") int calls(struct __sk_buff *skb)
{
	return no_such_function(skb->len);
}
