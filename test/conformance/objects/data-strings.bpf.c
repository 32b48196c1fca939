// SPDX-License-Identifier: MIT
// Texts: of printk, of a table, of local arrays.
#include "common.h"

GPL;
static const char *const names[] = { "zero", "one", "two" };
SEC("tc") int prints(struct __sk_buff *skb)
{
	char local[] = "a text on the stack that is copied from somewhere, long enough for that";
	bpf_printk("length %d of %s", skb->len, "something");
	bpf_trace_printk(local, sizeof(local));
	return 0;
}
