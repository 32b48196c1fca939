// SPDX-License-Identifier: MIT
// CO-RE: sizes of fields and types.
#include "core.h"

GPL;
struct task_struct {
	int pid;
	char comm[16];
} CORE;
struct no_such_struct {
	int field;
} CORE;
SEC("raw_tp/sched_switch") int measures(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	return bpf_core_field_size(task->comm) + bpf_core_type_size(struct task_struct) +
	       bpf_core_type_size(struct no_such_struct) + bpf_core_field_size(task->pid);
}
