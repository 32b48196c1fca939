// SPDX-License-Identifier: MIT
// Programs of somebody else that take the place of a function of the stack's program, or watch it.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("freplace/entry")
int extends(struct xdp_md *context)
{
	return XDP_PASS;
}

SEC("fentry/entry")
int traces(unsigned long long *context)
{
	return 0;
}

char _license[] SEC("license") = "GPL";
