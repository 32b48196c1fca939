// SPDX-License-Identifier: MIT
// The same with a link, and members that the kernel does not know but that are zero.
#include "common.h"

GPL;
struct sock;
struct tcp_congestion_ops___ours {
	unsigned int (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, unsigned int ack, unsigned int acked);
	unsigned int (*undo_cwnd)(struct sock *sk);
	int from_the_future;
	char name[16];
};
SEC("struct_ops") unsigned int ssthresh(unsigned long long *ctx)
{
	return 7;
}
SEC("struct_ops") void cong_avoid(unsigned long long *ctx)
{
}
SEC("struct_ops") unsigned int undo_cwnd(unsigned long long *ctx)
{
	return 10;
}
SEC(".struct_ops.link") struct tcp_congestion_ops___ours linked = {
	.ssthresh = (void *)ssthresh,
	.cong_avoid = (void *)cong_avoid,
	.undo_cwnd = (void *)undo_cwnd,
	.name = "pf_linked",
};
