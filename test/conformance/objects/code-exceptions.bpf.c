// SPDX-License-Identifier: MIT
// An exception and what catches it.
#include "common.h"

GPL;
extern void bpf_throw(__u64 cookie) __ksym;
__noinline int catches(__u64 cookie)
{
	return cookie + 1;
}
static __noinline int thrower(int n)
{
	if (n > 100)
		bpf_throw(5);
	return n;
}
SEC("tc") __attribute__((btf_decl_tag("exception_callback:catches"))) int throws(struct __sk_buff *skb)
{
	return thrower(skb->len) + thrower(skb->mark);
}
