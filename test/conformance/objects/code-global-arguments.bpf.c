// SPDX-License-Identifier: MIT
// Global functions whose arguments are told by declaration tags.
#include "common.h"

GPL;
#define TAG(text) __attribute__((btf_decl_tag("arg:" text)))
struct data {
	int a, b;
};
__noinline int of_context(void *ctx TAG("ctx"))
{
	return ctx != 0;
}
__noinline int of_pointer(struct data *data TAG("nonnull"))
{
	return data->a + data->b;
}
SEC("tc") int calls(struct __sk_buff *skb)
{
	struct data data = { 1, skb->len };
	return of_context(skb) + of_pointer(&data);
}
