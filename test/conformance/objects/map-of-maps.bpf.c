// SPDX-License-Identifier: MIT
// Maps of maps: an array and a hash with values, one without, one whose inner size differs.
#include "common.h"

GPL;
struct inner {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} blue SEC(".maps"), green SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} by_index SEC(".maps") = { .values = { [0] = &blue, [3] = &green } };
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} by_number SEC(".maps") = { .values = { [1] = &green } };
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_ARRAY);
		__uint(max_entries, 1);
		__uint(map_flags, BPF_F_INNER_MAP);
		__type(key, int);
		__type(value, int);
	});
} empty SEC(".maps");
SEC("socket") int looks(struct __sk_buff *skb)
{
	__u32 key = skb->len;
	void *first = bpf_map_lookup_elem(&by_index, &key), *second = bpf_map_lookup_elem(&by_number, &key);
	__u64 *a = first ? bpf_map_lookup_elem(first, &key) : 0, *b = second ? bpf_map_lookup_elem(second, &key) : 0;
	return (a ? *a : 0) + (b ? *b : 0) + (bpf_map_lookup_elem(&empty, &key) != 0);
}
