// SPDX-License-Identifier: MIT
// Hash maps of every kind, with their flags.
#include "common.h"

GPL;
struct key {
	__u32 address;
	__u16 port;
	__u16 pad;
};
#define MAP(name, kind, flags) \
	struct { \
		__uint(type, kind); \
		__uint(max_entries, 100); \
		__uint(map_flags, flags); \
		__type(key, struct key); \
		__type(value, __u64); \
	} name SEC(".maps")
MAP(plain, BPF_MAP_TYPE_HASH, 0);
MAP(grows, BPF_MAP_TYPE_HASH, BPF_F_NO_PREALLOC);
MAP(each_cpu, BPF_MAP_TYPE_PERCPU_HASH, 0);
MAP(least_used, BPF_MAP_TYPE_LRU_HASH, 0);
MAP(own_lists, BPF_MAP_TYPE_LRU_HASH, BPF_F_NO_COMMON_LRU);
MAP(least_used_cpu, BPF_MAP_TYPE_LRU_PERCPU_HASH, 0);
MAP(read_only, BPF_MAP_TYPE_HASH, BPF_F_RDONLY_PROG);
SEC("socket") int uses(struct __sk_buff *skb)
{
	struct key key = { .address = skb->len };
	void *maps[] = { &plain, &grows, &each_cpu, &least_used, &own_lists, &least_used_cpu, &read_only };
	__u64 *found = bpf_map_lookup_elem(&plain, &key);
	int count = found ? *found : 0;
	count += bpf_map_lookup_elem(&grows, &key) != 0;
	count += bpf_map_lookup_elem(&each_cpu, &key) != 0;
	count += bpf_map_lookup_elem(&least_used, &key) != 0;
	count += bpf_map_lookup_elem(&own_lists, &key) != 0;
	count += bpf_map_lookup_elem(&least_used_cpu, &key) != 0;
	count += bpf_map_lookup_elem(&read_only, &key) != 0;
	return count;
}
