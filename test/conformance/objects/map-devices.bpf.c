// SPDX-License-Identifier: MIT
// Maps of devices and CPUs, also with programs behind them.
#include "common.h"

GPL;
#define MAP(name, kind, value_type) \
	struct { \
		__uint(type, kind); \
		__uint(max_entries, 2); \
		__type(key, __u32); \
		__type(value, value_type); \
	} name SEC(".maps")
MAP(ports, BPF_MAP_TYPE_DEVMAP, __u32);
MAP(ports_with_programs, BPF_MAP_TYPE_DEVMAP, struct bpf_devmap_val);
MAP(by_ifindex, BPF_MAP_TYPE_DEVMAP_HASH, __u32);
MAP(cpus, BPF_MAP_TYPE_CPUMAP, struct bpf_cpumap_val);
SEC("xdp") int redirects(struct xdp_md *ctx)
{
	switch (ctx->rx_queue_index) {
	case 0:
		return bpf_redirect_map(&ports, 0, 0);
	case 1:
		return bpf_redirect_map(&ports_with_programs, 1, 0);
	case 2:
		return bpf_redirect_map(&by_ifindex, 2, BPF_F_BROADCAST);
	default:
		return bpf_redirect_map(&cpus, 0, 0);
	}
}
