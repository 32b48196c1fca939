// SPDX-License-Identifier: MIT
// CO-RE: types that match, and such that do not.
#include "core.h"

GPL;
#ifndef bpf_core_type_matches
#define bpf_core_type_matches(type) __builtin_preserve_type_info(*(typeof(type) *)0, 2)
#endif
struct list_head {
	struct list_head *next, *prev;
};
struct list_head___wrong {
	int next;
};
struct no_such_struct {
	int a;
};
SEC("tc") int asks(struct __sk_buff *skb)
{
	return bpf_core_type_matches(struct list_head) + 2 * bpf_core_type_matches(struct list_head___wrong) +
	       4 * bpf_core_type_matches(struct no_such_struct);
}
