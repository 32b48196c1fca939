// SPDX-License-Identifier: MIT
// A list head in a data section: a declaration tag says what it contains, and nothing may map it.
#include "common.h"

GPL;
#define __contains(type, field) __attribute__((btf_decl_tag("contains:" #type ":" #field)))
#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))
/* Newer than the headers. */
struct bpf_list_head {
	__u64 opaque[2];
} __attribute__((aligned(8)));
struct bpf_list_node {
	__u64 opaque[3];
} __attribute__((aligned(8)));
struct item {
	struct bpf_list_node node;
	long data;
};
struct item for_its_type;
private(lists) struct bpf_spin_lock lock;
private(lists) struct bpf_list_head head __contains(item, node);
SEC("tc") int locks(struct __sk_buff *skb)
{
	bpf_spin_lock(&lock);
	bpf_spin_unlock(&lock);
	return 0;
}
