// SPDX-License-Identifier: MIT
// link: units/other.c
// Two units linked by bpftool: static functions and variables of one name in both, a weak one overridden, extern ones found.
#include "common.h"

GPL;
extern int from_other(int n);
extern int shared_count;
extern struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} shared_map SEC(".maps");
static int own = 3;
static const char text[] = "here";
static __noinline int same_name(int n)
{
	return n + own + bpf_get_smp_processor_id();
}
__weak __noinline int overridden(int n)
{
	return n + 100;
}
SEC("tc") int in_here(struct __sk_buff *skb)
{
	__u32 key = 0;
	own++;
	bpf_trace_printk(text, sizeof(text));
	return same_name(skb->len) + from_other(skb->mark) + overridden(1) + shared_count +
	       (bpf_map_lookup_elem(&shared_map, &key) != 0);
}
