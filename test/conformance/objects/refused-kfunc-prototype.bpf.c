// SPDX-License-Identifier: MIT
// A function of the kernel with another prototype.
#include "common.h"

GPL;
extern int bpf_task_release(int first, void *second) __ksym;
SEC("tc") int calls(struct __sk_buff *skb)
{
	return bpf_task_release(skb->len, 0);
}
