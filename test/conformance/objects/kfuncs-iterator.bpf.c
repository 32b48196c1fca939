// SPDX-License-Identifier: MIT
// A loop by an open-coded iterator of the kernel.
#include "common.h"

GPL;
struct bpf_iter_num {
	__u64 opaque[1];
} __attribute__((aligned(8)));
extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;
SEC("tc") int loops(struct __sk_buff *skb)
{
	struct bpf_iter_num it;
	int *n, sum = 0;
	bpf_iter_num_new(&it, 0, 100);
	while ((n = bpf_iter_num_next(&it)))
		sum += *n;
	bpf_iter_num_destroy(&it);
	return sum;
}
