// SPDX-License-Identifier: MIT
// A helper that wants the GPL.
#include "common.h"

char LICENSE[] SEC("license") = "Proprietary";
SEC("tc") int prints(struct __sk_buff *skb)
{
	char text[] = "x";
	return bpf_trace_printk(text, sizeof(text));
}
