// SPDX-License-Identifier: MIT
// Ways to write a definition: a typedef, a const struct, sizes beside types, enums and arrays as keys.
#include "common.h"

GPL;
enum color { RED, GREEN = 5 };
typedef struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 3);
	__type(key, enum color);
	__type(value, char[8]);
} by_color;
by_color colors SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 3);
	__uint(key_size, 12);
	__type(key, __u32[3]);
	__type(value, struct { __u8 flag : 1; __u8 rest : 7; __u16 word; });
	__uint(value_size, 4);
} both SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 12);
} sizes_only SEC(".maps");
SEC("socket") int uses(struct __sk_buff *skb)
{
	enum color color = GREEN;
	__u32 three[3] = {}, zero = 0;
	return (bpf_map_lookup_elem(&colors, &color) != 0) + (bpf_map_lookup_elem(&both, three) != 0) +
	       (bpf_map_lookup_elem(&sizes_only, &zero) != 0);
}
