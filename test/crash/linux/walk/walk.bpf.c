// SPDX-License-Identifier: MIT
// Programs that answer packets with their versions (answering.h), with more between them: an array behind an array that may lead back
// to the first one, a map of maps, and two ways to count.
#include "../answering.h"

#ifndef LEAF
#define LEAF 1
#endif
#ifdef RENAMED
#define state sessions
#endif

/* Behind callee0. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} deep SEC(".maps");

struct count {
	__u64 packets;
#ifdef WIDE
	__u64 bytes;
#endif
};

/* Packets by port. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STATE_ENTRIES);
	__type(key, __u32);
	__type(value, struct count);
} state SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} inner_a SEC(".maps"), inner_b SEC(".maps");

/* Packets by the last bit of the port. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { &inner_a, &inner_b } };

const volatile __u32 bias = 0;
__u64 total;
#ifdef WIDE
__u64 more;
#endif

static __always_inline void count(__u32 port)
{
	struct count first = { .packets = 1 }, *seen = bpf_map_lookup_elem(&state, &port);
	if (seen)
		__sync_fetch_and_add(&seen->packets, 1);
	else
		bpf_map_update_elem(&state, &port, &first, BPF_NOEXIST);
	__sync_fetch_and_add(&total, 1);
	__u32 index = port & 1, zero = 0;
	void *inner = bpf_map_lookup_elem(&outer, &index);
	if (!inner)
		return;
	__u64 *packets = bpf_map_lookup_elem(inner, &zero);
	if (packets)
		__sync_fetch_and_add(packets, 1);
}

SEC("xdp") int entry(struct xdp_md *ctx)
{
	int slot = slot_of(PACKET(ctx), 7000);
	if (slot < 0)
		return XDP_PASS;
	remember(ENTRY + bias);
	bpf_tail_call(ctx, &calls, slot);
	return answer(PACKET(ctx), ENTRY + bias, MISSED) ? XDP_PASS : XDP_TX;
}

SEC("xdp") int callee0(struct xdp_md *ctx)
{
	bpf_tail_call(ctx, &deep, 0);
	return answer(PACKET(ctx), remembered(), CALLEE0) ? XDP_PASS : XDP_TX;
}

SEC("xdp") int callee1(struct xdp_md *ctx)
{
	return answer(PACKET(ctx), remembered(), 20 + CALLEE1) ? XDP_PASS : XDP_TX;
}

SEC("xdp") int leaf(struct xdp_md *ctx)
{
#ifdef CYCLE
	/* No slot 3 is ever filled: what matters is that the arrays lead to each other. */
	bpf_tail_call(ctx, &calls, 3);
#endif
	return answer(PACKET(ctx), remembered(), 50 + LEAF) ? XDP_PASS : XDP_TX;
}

/* Lets everything pass. */
SEC("cgroup_skb/egress") int guard(struct __sk_buff *ctx)
{
	__u32 key = 9000 + TRACE;
	return bpf_map_lookup_elem(&state, &key) ? 1 : 1;
}
