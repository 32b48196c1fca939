// SPDX-License-Identifier: MIT
// Ring buffers and perf event arrays: sizes that are rounded or left out.
#include "common.h"

GPL;
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096 * 3);
} events SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 100);
} requests SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} samples SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(max_entries, 2);
	__type(key, int);
	__type(value, int);
} two_samples SEC(".maps");
static long each(struct bpf_dynptr *dynptr, void *context)
{
	return 0;
}
SEC("tracepoint/sched/sched_switch") int uses(void *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	bpf_ringbuf_output(&events, &now, sizeof(now), 0);
	bpf_perf_event_output(ctx, &samples, BPF_F_CURRENT_CPU, &now, sizeof(now));
	bpf_perf_event_output(ctx, &two_samples, 0, &now, sizeof(now));
	return bpf_user_ringbuf_drain(&requests, each, 0, 0);
}
