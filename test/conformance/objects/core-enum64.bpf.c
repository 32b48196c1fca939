// SPDX-License-Identifier: MIT
// CO-RE: enumerators of more than 32 bits against those of 32.
#include "core.h"

GPL;
enum bpf_map_type___wide { BPF_MAP_TYPE_HASH___wide = 0x100000000ULL, BPF_MAP_TYPE_ARRAY___wide };
SEC("tc") int values(struct __sk_buff *skb)
{
	return bpf_core_enum_value(enum bpf_map_type___wide, BPF_MAP_TYPE_HASH___wide) +
	       2 * bpf_core_enum_value_exists(enum bpf_map_type___wide, BPF_MAP_TYPE_ARRAY___wide);
}
