// SPDX-License-Identifier: MIT
// Maps of sockets.
#include "common.h"

GPL;
#define MAP(name, kind, size) \
	struct { \
		__uint(type, kind); \
		__uint(max_entries, 4); \
		__uint(key_size, 4); \
		__uint(value_size, size); \
	} name SEC(".maps")
MAP(by_index, BPF_MAP_TYPE_SOCKMAP, 4);
MAP(by_cookie, BPF_MAP_TYPE_SOCKMAP, 8);
MAP(by_hash, BPF_MAP_TYPE_SOCKHASH, 8);
MAP(listeners, BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 8);
MAP(rings, BPF_MAP_TYPE_XSKMAP, 4);
SEC("sk_msg") int redirects(struct sk_msg_md *msg)
{
	__u32 key = msg->remote_port;
	return bpf_msg_redirect_map(msg, &by_index, 0, 0) + bpf_msg_redirect_map(msg, &by_cookie, 0, 0) +
	       bpf_msg_redirect_hash(msg, &by_hash, &key, 0);
}
SEC("sk_reuseport") int selects(struct sk_reuseport_md *md)
{
	__u32 key = 0;
	return bpf_sk_select_reuseport(md, &listeners, &key, 0) ? SK_DROP : SK_PASS;
}
SEC("xdp") int to_ring(struct xdp_md *ctx)
{
	return bpf_redirect_map(&rings, ctx->rx_queue_index, XDP_PASS);
}
