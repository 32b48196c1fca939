// SPDX-License-Identifier: MIT
// Drops packets from networks that are not on a list. The lists and the rule for the rest come from the manifest.
#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum verdict { DENY, ALLOW, VERDICTS };

struct network4 {
	__u32 prefix_length;
	__u8 address[4];
};

struct network6 {
	__u32 prefix_length;
	__u8 address[16];
};

const volatile enum verdict otherwise = ALLOW;
const volatile bool dry_run = true;

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct network4);
	__type(value, enum verdict);
} networks4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct network6);
	__type(value, enum verdict);
} networks6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, VERDICTS);
	__type(key, __u32);
	__type(value, __u64);
} verdicts SEC(".maps");

static __always_inline int act(enum verdict *found)
{
	__u32 verdict = found ? *found : otherwise;
	__u64 *count = bpf_map_lookup_elem(&verdicts, &verdict);

	if (count)
		__sync_fetch_and_add(count, 1);
	return verdict == ALLOW || dry_run ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int filter(struct xdp_md *ctx)
{
	void *end = (void *)(long)ctx->data_end;
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	struct iphdr *ipv4 = (void *)(ethernet + 1);
	struct ipv6hdr *ipv6 = (void *)(ethernet + 1);

	if ((void *)(ethernet + 1) > end)
		return XDP_PASS;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP) && (void *)(ipv4 + 1) <= end) {
		struct network4 source = { .prefix_length = 32 };

		__builtin_memcpy(source.address, &ipv4->saddr, sizeof(source.address));
		return act(bpf_map_lookup_elem(&networks4, &source));
	}
	if (ethernet->h_proto == bpf_htons(ETH_P_IPV6) && (void *)(ipv6 + 1) <= end) {
		struct network6 source = { .prefix_length = 128 };

		__builtin_memcpy(source.address, &ipv6->saddr, sizeof(source.address));
		return act(bpf_map_lookup_elem(&networks6, &source));
	}
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
