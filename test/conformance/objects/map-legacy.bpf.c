// SPDX-License-Identifier: MIT
// Maps as they were before BTF; libbpf dropped them.
#include "common.h"

GPL;
struct bpf_map_def_of_old {
	__u32 type, key_size, value_size, max_entries, map_flags;
};
struct bpf_map_def_of_old counters SEC("maps") = { BPF_MAP_TYPE_ARRAY, 4, 8, 16, 0 };
SEC("socket") int counts(struct __sk_buff *skb)
{
	__u32 key = skb->len & 15;
	__u64 *value = bpf_map_lookup_elem(&counters, &key);
	if (value)
		__sync_fetch_and_add(value, 1);
	return 0;
}
