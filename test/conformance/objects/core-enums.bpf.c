// SPDX-License-Identifier: MIT
// CO-RE: values of enumerators, by name and in flavours.
#include "core.h"

GPL;
enum bpf_map_type___ours { BPF_MAP_TYPE_ARRAY___ours = 77, BPF_MAP_TYPE_RINGBUF___ours = 3 };
enum tcp_state { TCP_LISTEN_OF_OURS = 1 };
enum bpf_prog_type___mine { BPF_PROG_TYPE_XDP___mine = 1000 };
SEC("tc") int values(struct __sk_buff *skb)
{
	return bpf_core_enum_value(enum bpf_map_type___ours, BPF_MAP_TYPE_ARRAY___ours) +
	       bpf_core_enum_value(enum bpf_map_type___ours, BPF_MAP_TYPE_RINGBUF___ours) +
	       bpf_core_enum_value(enum bpf_prog_type___mine, BPF_PROG_TYPE_XDP___mine);
}
