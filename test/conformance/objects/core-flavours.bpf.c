// SPDX-License-Identifier: MIT
// CO-RE: two shapes of one struct, told apart by what the kernel has.
#include "core.h"

GPL;
struct task_struct___old {
	long state;
} CORE;
struct task_struct___new {
	unsigned int __state;
} CORE;
SEC("raw_tp/sched_switch") int reads(unsigned long long *ctx)
{
	struct task_struct___new *task = (void *)ctx[1];
	struct task_struct___old *old = (void *)ctx[1];
	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state);
	return BPF_CORE_READ(old, state);
}
