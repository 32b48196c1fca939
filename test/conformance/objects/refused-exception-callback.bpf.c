// SPDX-License-Identifier: MIT
// What catches an exception is hidden, so the verifier would not know it as a function of its own.
#include "common.h"

GPL;
__hidden __noinline int catches(__u64 cookie)
{
	return cookie + 1;
}
SEC("tc") __attribute__((btf_decl_tag("exception_callback:catches"))) int throws(struct __sk_buff *skb)
{
	return catches(skb->len);
}
