// SPDX-License-Identifier: MIT
// Counts packets and bytes that an interface receives and sends.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TCX_NEXT -1 /* linux/bpf.h has it from 6.6 */

enum direction { INGRESS, EGRESS, DIRECTIONS };

struct counter {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DIRECTIONS);
	__type(key, __u32);
	__type(value, struct counter);
} traffic SEC(".maps");

static __always_inline int count(__u32 direction, struct __sk_buff *skb)
{
	struct counter *counter = bpf_map_lookup_elem(&traffic, &direction);

	if (counter) {
		counter->packets++;
		counter->bytes += skb->len;
	}
	return TCX_NEXT;
}

SEC("tcx/ingress")
int count_ingress(struct __sk_buff *skb)
{
	return count(INGRESS, skb);
}

SEC("tcx/egress")
int count_egress(struct __sk_buff *skb)
{
	return count(EGRESS, skb);
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
