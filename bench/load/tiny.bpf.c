// SPDX-License-Identifier: MIT
// 500 programs of a few instructions, which share 100 maps.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define TEN(X, tens) \
	X(tens##0) X(tens##1) X(tens##2) X(tens##3) X(tens##4) \
	X(tens##5) X(tens##6) X(tens##7) X(tens##8) X(tens##9)
#define HUNDRED(X) \
	TEN(X, 0) TEN(X, 1) TEN(X, 2) TEN(X, 3) TEN(X, 4) \
	TEN(X, 5) TEN(X, 6) TEN(X, 7) TEN(X, 8) TEN(X, 9)

#define MAP(number) \
	struct { \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__uint(max_entries, 1); \
		__type(key, __u32); \
		__type(value, __u64); \
	} map_##number SEC(".maps");

#define PROGRAM(letter, number) \
	SEC("socket") \
	int letter##number(struct __sk_buff *skb) \
	{ \
		__u32 only = 0; \
		__u64 *value = bpf_map_lookup_elem(&map_##number, &only); \
		return value ? (int)*value : 0; \
	}
#define FIVE(number) \
	PROGRAM(a, number) PROGRAM(b, number) PROGRAM(c, number) PROGRAM(d, number) PROGRAM(e, number)

HUNDRED(MAP)
HUNDRED(FIVE)

char LICENSE[] SEC("license") = "Dual MIT/GPL";
