// SPDX-License-Identifier: MIT
// Arrays of every kind: per CPU, mappable, read-only, of structs.
#include "common.h"

GPL;
struct pair {
	__u64 packets, bytes;
};
#define MAP(name, kind, flags) \
	struct { \
		__uint(type, kind); \
		__uint(max_entries, 8); \
		__uint(map_flags, flags); \
		__type(key, __u32); \
		__type(value, struct pair); \
	} name SEC(".maps")
MAP(plain, BPF_MAP_TYPE_ARRAY, 0);
MAP(each_cpu, BPF_MAP_TYPE_PERCPU_ARRAY, 0);
MAP(mapped, BPF_MAP_TYPE_ARRAY, BPF_F_MMAPABLE);
MAP(read_only, BPF_MAP_TYPE_ARRAY, BPF_F_RDONLY_PROG);
SEC("socket") int uses(struct __sk_buff *skb)
{
	__u32 key = skb->len & 7;
	struct pair *a = bpf_map_lookup_elem(&plain, &key), *b = bpf_map_lookup_elem(&each_cpu, &key);
	struct pair *c = bpf_map_lookup_elem(&mapped, &key), *d = bpf_map_lookup_elem(&read_only, &key);
	return (a ? a->packets : 0) + (b ? b->bytes : 0) + (c ? c->bytes : 0) + (d ? d->packets : 0);
}
