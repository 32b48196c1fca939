// SPDX-License-Identifier: MIT
// Programs that answer packets with their versions (answering.h), each on an array of its own for XDP and for TCX.
#include "answering.h"

#ifndef ENTRY2
#define ENTRY2 1
#endif
#ifndef CALLEE2
#define CALLEE2 1
#endif

/* Packets by port. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, STATE_ENTRIES);
	__type(key, __u32);
	__type(value, __u64);
} state SEC(".maps");

static __always_inline void count(__u32 port)
{
	__u64 one = 1, *seen = bpf_map_lookup_elem(&state, &port);
	if (seen)
		__sync_fetch_and_add(seen, 1);
	else
		bpf_map_update_elem(&state, &port, &one, BPF_NOEXIST);
}

static __always_inline int xdp_enter(struct xdp_md *ctx, __u8 version)
{
	int slot = slot_of(PACKET(ctx), 7000);
	if (slot < 0)
		return XDP_PASS;
	remember(version);
	bpf_tail_call(ctx, &calls, slot);
	return answer(PACKET(ctx), version, MISSED) ? XDP_PASS : XDP_TX;
}

SEC("xdp") int entry(struct xdp_md *ctx) { return xdp_enter(ctx, ENTRY); }
SEC("xdp") int entry2(struct xdp_md *ctx) { return xdp_enter(ctx, 100 + ENTRY2); }

#define XDP_CALLEE(name, version)                                                                                      \
	SEC("xdp") int name(struct xdp_md *ctx)                                                                        \
	{                                                                                                              \
		return answer(PACKET(ctx), remembered(), version) ? XDP_PASS : XDP_TX;                                 \
	}
XDP_CALLEE(callee0, CALLEE0)
XDP_CALLEE(callee1, CALLEE1)
XDP_CALLEE(callee2, CALLEE2)
