// SPDX-License-Identifier: MIT
// Helpers of many kinds, those that the kernel inlines among them.
#include "common.h"

GPL;
ARRAY(state, 1, __u64);
SEC("tc") int uses(struct __sk_buff *skb)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&state, &key), now = bpf_ktime_get_ns();
	if (!value)
		return 0;
	bpf_map_update_elem(&state, &key, &now, BPF_ANY);
	bpf_probe_read_kernel(&now, sizeof(now), value);
	bpf_probe_read_user(&now, sizeof(now), (void *)now);
	return bpf_jiffies64() + bpf_get_prandom_u32() + bpf_get_smp_processor_id();
}
