// SPDX-License-Identifier: MIT
// Counts program starts by user, and context switches by CPU. Reads nothing from the kernel's own structures.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, __u64);
} execs_by_user SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} switches SEC(".maps");

SEC("tracepoint/sched/sched_process_exec")
int on_exec(void *ctx)
{
	__u32 user = (__u32)bpf_get_current_uid_gid();
	__u64 none = 0, *execs;

	bpf_map_update_elem(&execs_by_user, &user, &none, BPF_NOEXIST);
	execs = bpf_map_lookup_elem(&execs_by_user, &user);
	if (execs)
		__sync_fetch_and_add(execs, 1);
	return 0;
}

SEC("raw_tracepoint/sched_switch")
int on_switch(void *ctx)
{
	__u32 only = 0;
	__u64 *count = bpf_map_lookup_elem(&switches, &only);

	if (count)
		(*count)++;
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
