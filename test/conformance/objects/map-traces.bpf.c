// SPDX-License-Identifier: MIT
// Stack traces and cgroups.
#include "common.h"

GPL;
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16);
	__uint(key_size, 4);
	__uint(value_size, 8 * 127);
} stacks SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, 4);
	__uint(value_size, 4);
} cgroups SEC(".maps");
SEC("perf_event") int samples(void *ctx)
{
	if (bpf_current_task_under_cgroup(&cgroups, 0) != 1)
		return 0;
	return bpf_get_stackid(ctx, &stacks, 0);
}
