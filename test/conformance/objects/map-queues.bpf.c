// SPDX-License-Identifier: MIT
// Queues, stacks and Bloom filters: maps without keys, and map_extra.
#include "common.h"

GPL;
#define MAP(name, kind) \
	struct { \
		__uint(type, kind); \
		__uint(max_entries, 10); \
		__type(value, __u32); \
	} name SEC(".maps")
MAP(queue, BPF_MAP_TYPE_QUEUE);
MAP(stack, BPF_MAP_TYPE_STACK);
struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__uint(map_extra, 3);
	__type(value, __u32);
} seen SEC(".maps");
SEC("socket") int uses(struct __sk_buff *skb)
{
	__u32 value = skb->len;
	return bpf_map_push_elem(&queue, &value, 0) + bpf_map_pop_elem(&stack, &value) + bpf_map_peek_elem(&seen, &value);
}
