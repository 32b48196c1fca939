// SPDX-License-Identifier: MIT
// An XDP entry program that leaves IPv4 and IPv6 to a handler each, by tail call through a program array.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum stage { STAGE_INGRESS, STAGE_IPV4, STAGE_IPV6, STAGE_MISSED, STAGES };
enum slot { SLOT_IPV4, SLOT_IPV6, SLOTS };

struct counter {
	__u64 packets;
	__u64 bytes;
};

struct flow {
	__u16 family; /* 4 or 6 */
	__u16 protocol;
};

/* What each program has seen; STAGE_MISSED: packets whose tail call fell through. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STAGES);
	__type(key, __u32);
	__type(value, struct counter);
} stages SEC(".maps");

/* The handlers' own count, by family and protocol. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct flow);
	__type(value, struct counter);
} flows SEC(".maps");

/* Filled by the manifest's `slots:`. */
struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SLOTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} handlers SEC(".maps");

static __always_inline void count(struct counter *counter, struct xdp_md *ctx)
{
	if (!counter)
		return;
	__sync_fetch_and_add(&counter->packets, 1);
	__sync_fetch_and_add(&counter->bytes, ctx->data_end - ctx->data);
}

static __always_inline void count_stage(__u32 stage, struct xdp_md *ctx)
{
	count(bpf_map_lookup_elem(&stages, &stage), ctx);
}

static __always_inline void count_flow(__u16 family, __u16 protocol, struct xdp_md *ctx)
{
	struct flow flow = { .family = family, .protocol = protocol };
	struct counter none = {};

	bpf_map_update_elem(&flows, &flow, &none, BPF_NOEXIST);
	count(bpf_map_lookup_elem(&flows, &flow), ctx);
}

SEC("xdp")
int ingress(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = (void *)(long)ctx->data;

	count_stage(STAGE_INGRESS, ctx);
	if ((void *)(ethernet + 1) > end)
		return XDP_PASS;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP))
		bpf_tail_call(ctx, &handlers, SLOT_IPV4);
	else if (ethernet->h_proto == bpf_htons(ETH_P_IPV6))
		bpf_tail_call(ctx, &handlers, SLOT_IPV6);
	else
		return XDP_PASS;

	count_stage(STAGE_MISSED, ctx);
	return XDP_PASS;
}

SEC("xdp")
int parse_ipv4(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct iphdr *header = (void *)(long)ctx->data + sizeof(struct ethhdr);

	count_stage(STAGE_IPV4, ctx);
	if ((void *)(header + 1) <= end)
		count_flow(4, header->protocol, ctx);
	return XDP_PASS;
}

SEC("xdp")
int parse_ipv6(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ipv6hdr *header = (void *)(long)ctx->data + sizeof(struct ethhdr);

	count_stage(STAGE_IPV6, ctx);
	if ((void *)(header + 1) <= end)
		count_flow(6, header->nexthdr, ctx);
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
