// SPDX-License-Identifier: MIT
// In a network namespace: hides listening sockets of some ports, and counts the flows that the kernel dissects.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum event { LOOKED_UP, HIDDEN, DISSECTED, EVENTS };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EVENTS);
	__type(key, __u32);
	__type(value, __u64);
} events SEC(".maps");

/* Ports that answer as if nobody listened; filled by the manifest's `entries:`. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u8);
} hidden_ports SEC(".maps");

static __always_inline void count(__u32 event)
{
	__u64 *seen = bpf_map_lookup_elem(&events, &event);

	if (seen)
		__sync_fetch_and_add(seen, 1);
}

SEC("sk_lookup")
int hide_ports(struct bpf_sk_lookup *ctx)
{
	__u32 port = ctx->local_port;

	count(LOOKED_UP);
	if (!bpf_map_lookup_elem(&hidden_ports, &port))
		return SK_PASS;
	count(HIDDEN);
	return SK_DROP;
}

SEC("flow_dissector")
int count_flows(struct __sk_buff *skb)
{
	count(DISSECTED);
	return BPF_FLOW_DISSECTOR_CONTINUE;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
