// SPDX-License-Identifier: MIT
// How the programs of echo.bpf.c and walk/walk.bpf.c answer packets with their versions, so that whoever sends one learns which code
// handled it. XDP: UDP port 7000 + slot, TCX ingress: 7100 + slot, the second TCX entry: 7200 + slot. The answer holds the version of the
// entry program and that of who answered; MISSED where the first tail call fell through.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#ifndef ENTRY
#define ENTRY 1
#endif
#ifndef CALLEE0
#define CALLEE0 1
#endif
#ifndef CALLEE1
#define CALLEE1 1
#endif
#ifndef STATE_ENTRIES
#define STATE_ENTRIES 64
#endif
#ifndef TC_ENTRY
#define TC_ENTRY 1
#endif
#ifndef TC_CALLEE
#define TC_CALLEE 1
#endif
#ifndef TRACE
#define TRACE 1
#endif
#ifndef PROBE
#define PROBE "pinfold-probe"
#endif
#define MISSED 255
#define SLOTS 4

struct answer {
	__u8 entry;
	__u8 callee;
};

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SLOTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} calls SEC(".maps"), tc_calls SEC(".maps");

/* The XDP entry program's version, for its callee; in a socket buffer there is room for it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} scratch SEC(".maps");

/* Events by the version that saw them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} traced SEC(".maps");

struct packet {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
	struct answer answer;
} __attribute__((packed));

/* The slot that a packet is for, or -1. */
static __always_inline int slot_of(struct packet *packet, void *end, __u16 first)
{
	if ((void *)(packet + 1) > end || packet->ethernet.h_proto != bpf_htons(ETH_P_IP) || packet->ip.ihl != 5 ||
	    packet->ip.protocol != IPPROTO_UDP)
		return -1;
	__u16 slot = bpf_ntohs(packet->udp.dest) - first;
	return slot < SLOTS ? slot : -1;
}

/* Counts a packet by its port, which each object does in its own way. */
static __always_inline void count(__u32 port);

/* Turns the packet round. */
static __always_inline int answer(struct packet *packet, void *end, __u8 entry, __u8 callee)
{
	if ((void *)(packet + 1) > end)
		return -1;
	count(bpf_ntohs(packet->udp.dest));

	__u8 mac[ETH_ALEN];
	__builtin_memcpy(mac, packet->ethernet.h_dest, ETH_ALEN);
	__builtin_memcpy(packet->ethernet.h_dest, packet->ethernet.h_source, ETH_ALEN);
	__builtin_memcpy(packet->ethernet.h_source, mac, ETH_ALEN);
	__be32 address = packet->ip.daddr;
	packet->ip.daddr = packet->ip.saddr;
	packet->ip.saddr = address;
	__be16 port = packet->udp.dest;
	packet->udp.dest = packet->udp.source;
	packet->udp.source = port;
	packet->udp.check = 0;
	packet->answer.entry = entry;
	packet->answer.callee = callee;
	return 0;
}

static __always_inline void remember(__u32 version)
{
	__u32 key = 0, *entry = bpf_map_lookup_elem(&scratch, &key);
	if (entry)
		*entry = version;
}

static __always_inline __u8 remembered(void)
{
	__u32 key = 0, *entry = bpf_map_lookup_elem(&scratch, &key);
	return entry ? *entry : 0;
}

#define PACKET(ctx) (void *)(long)(ctx)->data, (void *)(long)(ctx)->data_end

#define TCX_NEXT (-1)

static __always_inline int tc_enter(struct __sk_buff *ctx, __u8 version, __u16 first)
{
	int slot = slot_of(PACKET(ctx), first);
	if (slot < 0)
		return TCX_NEXT;
	ctx->cb[0] = version;
	bpf_tail_call(ctx, &tc_calls, slot);
	return answer(PACKET(ctx), version, MISSED) ? TCX_NEXT : bpf_redirect(ctx->ifindex, 0);
}

SEC("tcx/ingress") int tc_entry(struct __sk_buff *ctx) { return tc_enter(ctx, TC_ENTRY, 7100); }
SEC("tcx/ingress") int tc_other(struct __sk_buff *ctx) { return tc_enter(ctx, 100 + TC_ENTRY, 7200); }
SEC("tcx/ingress") int tc_callee(struct __sk_buff *ctx)
{
	return answer(PACKET(ctx), ctx->cb[0], TC_CALLEE) ? TCX_NEXT : bpf_redirect(ctx->ifindex, 0);
}

/* A thread takes a name: only PROBE counts, so that tests do not see each other's. */
SEC("raw_tp/task_rename") int trace(struct bpf_raw_tracepoint_args *ctx)
{
	char name[16] = {};
	const char wanted[] = PROBE;
	__u32 version = TRACE;

	bpf_probe_read_kernel(name, sizeof(wanted), (void *)ctx->args[1]);
	for (unsigned i = 0; i < sizeof(wanted); i++)
		if (name[i] != wanted[i])
			return 0;
	__u64 *seen = bpf_map_lookup_elem(&traced, &version);
	if (seen)
		__sync_fetch_and_add(seen, 1);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
