// SPDX-License-Identifier: MIT
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#define GPL char LICENSE[] SEC("license") = "GPL"
/* A program that does nothing but return a number. */
#define RETURNS(section, name, context, value) \
	SEC(section) int name(context *ctx) { return value; }
#define ARRAY(name, entries, type_of_value) \
	struct { \
		__uint(type, BPF_MAP_TYPE_ARRAY); \
		__uint(max_entries, entries); \
		__type(key, __u32); \
		__type(value, type_of_value); \
	} name SEC(".maps")
