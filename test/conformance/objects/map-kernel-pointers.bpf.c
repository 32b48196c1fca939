// SPDX-License-Identifier: MIT
// A value with a pointer to a kernel object: a type tag says so.
#include "common.h"

GPL;
#ifndef __kptr_untrusted
#define __kptr_untrusted __attribute__((btf_type_tag("kptr_untrusted")))
#endif
struct task_struct;
struct holder {
	struct task_struct __kptr_untrusted *task;
};
ARRAY(holders, 1, struct holder);
SEC("tc") int looks(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct holder *holder = bpf_map_lookup_elem(&holders, &key);
	return holder && holder->task != 0;
}
