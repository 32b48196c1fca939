// SPDX-License-Identifier: MIT
// Functions whose address a helper gets: static ones, of maps, of a loop; one that calls another.
#include "common.h"

GPL;
ARRAY(values, 4, __u64);
struct sum {
	__u64 total;
};
static __noinline __u64 half(__u64 n)
{
	return n / 2;
}
static long adds(void *map, __u32 *key, __u64 *value, struct sum *sum)
{
	sum->total += half(*value);
	return 0;
}
static long counts(__u32 index, struct sum *sum)
{
	sum->total += half(index);
	return 0;
}
SEC("tc") int sums(struct __sk_buff *skb)
{
	struct sum sum = {};
	bpf_for_each_map_elem(&values, adds, &sum, 0);
	bpf_loop(10, counts, &sum, 0);
	return sum.total;
}
