// SPDX-License-Identifier: MIT
// An iterator over the elements of a map, with its parameter.
#include "common.h"

GPL;
struct seq_file;
struct bpf_iter_meta {
	union { struct seq_file *seq; };
	__u64 session_id, seq_num;
};
struct bpf_map;
struct bpf_iter__bpf_map_elem {
	union { struct bpf_iter_meta *meta; };
	union { struct bpf_map *map; };
	union { void *key; };
	union { void *value; };
};
ARRAY(walked, 4, __u64);
__u64 total;
SEC("iter/bpf_map_elem") int each_element(struct bpf_iter__bpf_map_elem *ctx)
{
	__u64 *value = ctx->value;
	if (value)
		total += *value;
	return 0;
}
