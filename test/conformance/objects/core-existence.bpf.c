// SPDX-License-Identifier: MIT
// CO-RE: fields, types and enumerators that the kernel has or has not.
#include "core.h"

GPL;
struct task_struct {
	int pid;
	int no_such_field;
} CORE;
struct no_such_struct {
	int field;
} CORE;
typedef struct { int counter; } atomic_t;
enum bpf_map_type___x { BPF_MAP_TYPE_HASH___x = 1, BPF_MAP_TYPE_NOWHERE___x = 2 };
enum no_such_enum { NO_SUCH_VALUE = 1 };
SEC("raw_tp/sched_switch") int asks(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	struct no_such_struct *nothing = (void *)ctx[1];
	int found = bpf_core_field_exists(task->pid) + 2 * bpf_core_field_exists(task->no_such_field);
	found += 4 * bpf_core_field_exists(nothing->field);
	found += 8 * bpf_core_type_exists(struct task_struct) + 16 * bpf_core_type_exists(struct no_such_struct);
	found += 32 * bpf_core_enum_value_exists(enum bpf_map_type___x, BPF_MAP_TYPE_HASH___x);
	found += 64 * bpf_core_enum_value_exists(enum bpf_map_type___x, BPF_MAP_TYPE_NOWHERE___x);
	found += 128 * bpf_core_enum_value_exists(enum no_such_enum, NO_SUCH_VALUE);
	if (bpf_core_field_exists(task->no_such_field))
		found += BPF_CORE_READ(task, no_such_field);
	return found;
}
