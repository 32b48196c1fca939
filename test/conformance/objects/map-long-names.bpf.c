// SPDX-License-Identifier: MIT
// Names that the kernel cuts, two of them to the same text.
#include "common.h"

GPL;
ARRAY(a_rather_long_name_of_one, 1, __u32);
ARRAY(a_rather_long_name_of_two, 1, __u64);
SEC("socket") int a_program_with_a_rather_long_name(struct __sk_buff *skb)
{
	__u32 key = 0, *one = bpf_map_lookup_elem(&a_rather_long_name_of_one, &key);
	__u64 *two = bpf_map_lookup_elem(&a_rather_long_name_of_two, &key);
	return (one ? *one : 0) + (two ? *two : 0);
}
