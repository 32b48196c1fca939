// SPDX-License-Identifier: MIT
// Two chains of three programs, one at XDP and one at tcx ingress. The first program of a chain writes its version onto the packet,
// the others compare it with their own: a packet that two versions handle is counted as mixed, one whose tail call
// falls through as missed. `counters` is kept over all upgrades.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define PORT 9000
#define TCX_NEXT -1 /* linux/bpf.h has it from 6.6 */

enum hook { XDP, TCX, HOOKS };
enum event { ENTERED, MISSED, MIXED, FINISHED_A, FINISHED_B, EVENTS };
enum slot { PARSE, FINISH, SLOTS };

/* 1 or 2: version A or B. */
const volatile __u32 version = 1;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, HOOKS * EVENTS);
	__type(key, __u32);
	__type(value, __u64);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, SLOTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} xdp_calls SEC(".maps"), tcx_calls SEC(".maps");

static __always_inline void count(__u32 hook, __u32 event)
{
	__u32 index = hook * EVENTS + event;
	__u64 *counter = bpf_map_lookup_elem(&counters, &index);

	if (counter)
		(*counter)++;
}

static __always_inline void compare(__u32 hook, __u32 carried)
{
	if (carried != version)
		count(hook, MIXED);
}

static __always_inline void finished(__u32 hook)
{
	count(hook, version == 1 ? FINISHED_A : FINISHED_B);
}

/* What the sender writes. */
struct test_packet {
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
	__u32 microseconds; /* how long the first program shall take */
} __attribute__((packed));

static __always_inline struct test_packet *test_packet(void *data, void *end)
{
	struct test_packet *packet = data;

	if (data + sizeof(*packet) > end || packet->ethernet.h_proto != bpf_htons(ETH_P_IP))
		return 0;
	if (packet->ip.protocol != IPPROTO_UDP || packet->udp.dest != bpf_htons(PORT))
		return 0;
	return packet;
}

static long is_over(__u32 index, void *deadline)
{
	return bpf_ktime_get_ns() >= *(__u64 *)deadline;
}

static __always_inline void take_time(__u32 microseconds)
{
	__u64 deadline;

	if (!microseconds)
		return;
	deadline = bpf_ktime_get_ns() + microseconds * 1000ull;
	bpf_loop(1 << 23, is_over, &deadline, 0);
}

SEC("xdp")
int xdp_entry(struct xdp_md *ctx)
{
	struct test_packet *packet = test_packet((void *)(long)ctx->data, (void *)(long)ctx->data_end);
	__u32 microseconds, *carried;

	if (!packet)
		return XDP_PASS;
	microseconds = packet->microseconds;
	count(XDP, ENTERED);
	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*carried)))
		return XDP_ABORTED;
	carried = (void *)(long)ctx->data_meta;
	if ((void *)(carried + 1) > (void *)(long)ctx->data)
		return XDP_ABORTED;
	*carried = version;
	take_time(microseconds);
	bpf_tail_call(ctx, &xdp_calls, PARSE);
	count(XDP, MISSED);
	return XDP_PASS;
}

static __always_inline __u32 carried_by_meta(struct xdp_md *ctx)
{
	__u32 *carried = (void *)(long)ctx->data_meta;

	return (void *)(carried + 1) > (void *)(long)ctx->data ? 0 : *carried;
}

SEC("xdp")
int xdp_parse(struct xdp_md *ctx)
{
	compare(XDP, carried_by_meta(ctx));
	bpf_tail_call(ctx, &xdp_calls, FINISH);
	count(XDP, MISSED);
	return XDP_PASS;
}

SEC("xdp")
int xdp_finish(struct xdp_md *ctx)
{
	compare(XDP, carried_by_meta(ctx));
	finished(XDP);
	return XDP_PASS;
}

SEC("tcx/ingress")
int tcx_entry(struct __sk_buff *skb)
{
	struct test_packet *packet = test_packet((void *)(long)skb->data, (void *)(long)skb->data_end);

	if (!packet)
		return TCX_NEXT;
	count(TCX, ENTERED);
	skb->cb[0] = version;
	take_time(packet->microseconds);
	bpf_tail_call(skb, &tcx_calls, PARSE);
	count(TCX, MISSED);
	return TCX_NEXT;
}

SEC("tcx/ingress")
int tcx_parse(struct __sk_buff *skb)
{
	compare(TCX, skb->cb[0]);
	bpf_tail_call(skb, &tcx_calls, FINISH);
	count(TCX, MISSED);
	return TCX_NEXT;
}

SEC("tcx/ingress")
int tcx_finish(struct __sk_buff *skb)
{
	compare(TCX, skb->cb[0]);
	finished(TCX);
	return TCX_NEXT;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
