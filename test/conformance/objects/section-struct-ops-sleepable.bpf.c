// SPDX-License-Identifier: MIT
// Row of the section table: struct_ops.s, in an operation that may not sleep.
#include "common.h"

GPL;
struct sock;
struct tcp_congestion_ops {
	unsigned int (*ssthresh)(struct sock *sk);
	char name[16];
};
SEC("struct_ops.s/ssthresh") unsigned int ssthresh(unsigned long long *ctx)
{
	return 7;
}
SEC(".struct_ops") struct tcp_congestion_ops ours = { .ssthresh = (void *)ssthresh, .name = "pf_asleep" };
