// SPDX-License-Identifier: MIT
// Counts packets by protocol in one table for IPv4 and another for IPv6, found through a map of maps.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define TCX_NEXT -1 /* linux/bpf.h has it from 6.6 */

enum family { IPV4, IPV6, FAMILIES };

struct protocols {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
};

struct protocols ipv4_packets SEC(".maps");
struct protocols ipv6_packets SEC(".maps");

/* Filled by the manifest's `inner:`. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, FAMILIES);
	__type(key, __u32);
	__array(values, struct protocols);
} tables SEC(".maps");

static __always_inline void count(__u32 family, __u32 protocol)
{
	void *table = bpf_map_lookup_elem(&tables, &family);
	__u64 *packets = table ? bpf_map_lookup_elem(table, &protocol) : 0;

	if (packets)
		__sync_fetch_and_add(packets, 1);
}

SEC("tcx/ingress")
int count_protocols(struct __sk_buff *skb)
{
	void *network = (void *)(long)skb->data + sizeof(struct ethhdr);
	void *end = (void *)(long)skb->data_end;

	if (skb->protocol == bpf_htons(ETH_P_IP) && network + sizeof(struct iphdr) <= end)
		count(IPV4, ((struct iphdr *)network)->protocol);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6) && network + sizeof(struct ipv6hdr) <= end)
		count(IPV6, ((struct ipv6hdr *)network)->nexthdr);
	return TCX_NEXT;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
