// SPDX-License-Identifier: MIT
// Data sections with names of their own.
#include "common.h"

GPL;
int first SEC(".data.first") = 1;
int second SEC(".data.second_of_a_long_name") = 2;
const volatile int third SEC(".rodata.third") = 3;
int fourth SEC(".bss.fourth");
static int fifth SEC(".data.static") = 5;
SEC("tc") int uses(struct __sk_buff *skb)
{
	fourth++;
	first += second;
	fifth += skb->len;
	return first + third + fifth;
}
