// SPDX-License-Identifier: MIT
// Longest-prefix tries, one with a struct as key, one with sizes only.
#include "common.h"

GPL;
struct network {
	__u32 prefix;
	__u8 address[16];
};
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 10);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct network);
	__type(value, __u32);
} networks SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 10);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, 8);
	__uint(value_size, 4);
} sizes_only SEC(".maps");
SEC("socket") int uses(struct __sk_buff *skb)
{
	struct network key = { .prefix = 128 };
	__u64 small = 32;
	return (bpf_map_lookup_elem(&networks, &key) != 0) + (bpf_map_lookup_elem(&sizes_only, &small) != 0);
}
