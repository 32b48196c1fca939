// SPDX-License-Identifier: MIT
// Rows of the section table: tracepoints, with and without a target, raw and writable ones.
#include "common.h"

GPL;
RETURNS("tracepoint/sched/sched_switch", on_switch, void, 0)
RETURNS("tracepoint", on_any, void, 0)
RETURNS("tp/syscalls/sys_enter_openat", on_openat, void, 0)
RETURNS("raw_tracepoint/sched_switch", on_raw_switch, struct bpf_raw_tracepoint_args, 0)
RETURNS("raw_tp/sys_enter", on_raw_enter, struct bpf_raw_tracepoint_args, 0)
RETURNS("raw_tp", on_raw, struct bpf_raw_tracepoint_args, 0)
RETURNS("raw_tracepoint.w/sched_switch", on_writable, struct bpf_raw_tracepoint_args, 0)
RETURNS("raw_tp.w/sys_enter", on_writable_enter, struct bpf_raw_tracepoint_args, 0)
RETURNS("perf_event", on_event, void, 0)
