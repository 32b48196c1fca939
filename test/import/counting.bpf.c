// SPDX-License-Identifier: MIT
// A stack as somebody else would load it: XDP with tail calls, tc, cgroup; constants and variables; a map pinned by its name.
// Only UDP to port 9 is counted, in steps that a loader may set, and what falls through the program array apart from it.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#ifndef VERSION
#define VERSION 1
#endif

const volatile __u32 step = 1;
const volatile char label[8] = "plain";
__u64 opened;

enum { ENTERED, HANDLED4, HANDLED6, MISSED, TC_SEEN, PLACES };

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} handlers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PLACES);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

/* Packets by the version of the code that handled them. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
#ifndef NAMELESS
	__uint(pinning, LIBBPF_PIN_BY_NAME);
#endif
} by_version SEC(".maps");

static __always_inline void count(__u32 place)
{
	__u64 *value = bpf_map_lookup_elem(&counts, &place);
	if (value)
		__sync_fetch_and_add(value, step);
}

static __always_inline void handle(__u32 place)
{
	__u32 version = VERSION;
	__u64 one = 1, *value = bpf_map_lookup_elem(&by_version, &version);

	count(place);
	if (value)
		__sync_fetch_and_add(value, 1);
	else
		bpf_map_update_elem(&by_version, &version, &one, BPF_NOEXIST);
}

/* 4 or 6 for UDP to port 9, else 0. */
static __always_inline int family_of(void *data, void *end)
{
	struct ethhdr *ethernet = data;
	if ((void *)(ethernet + 1) > end)
		return 0;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(ethernet + 1);
		struct udphdr *udp = (void *)(ip + 1);
		return (void *)(udp + 1) <= end && ip->protocol == IPPROTO_UDP && udp->dest == bpf_htons(9) ? 4 : 0;
	}
	if (ethernet->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(ethernet + 1);
		struct udphdr *udp = (void *)(ip + 1);
		return (void *)(udp + 1) <= end && ip->nexthdr == IPPROTO_UDP && udp->dest == bpf_htons(9) ? 6 : 0;
	}
	return 0;
}

SEC("xdp") int ingress(struct xdp_md *ctx)
{
	int family = family_of((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	if (!family)
		return XDP_PASS;
	count(ENTERED);
	bpf_tail_call(ctx, &handlers, family == 6);
	count(MISSED);
	return XDP_PASS;
}

SEC("xdp") int handle_ipv4(struct xdp_md *ctx)
{
	handle(HANDLED4);
	return XDP_PASS;
}

SEC("xdp") int handle_ipv6(struct xdp_md *ctx)
{
	handle(HANDLED6);
	return XDP_PASS;
}

SEC("tc") int watch(struct __sk_buff *skb)
{
	if (family_of((void *)(long)skb->data, (void *)(long)skb->data_end))
		count(TC_SEEN);
	return -1;
}

SEC("cgroup/connect4") int note_connect(struct bpf_sock_addr *ctx)
{
	__sync_fetch_and_add(&opened, 1);
	return 1;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
