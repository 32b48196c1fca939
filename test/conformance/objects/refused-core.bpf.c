// SPDX-License-Identifier: MIT
// CO-RE: a field that the kernel lacks, read without asking.
#include "core.h"

GPL;
struct task_struct {
	int no_such_field;
} CORE;
SEC("raw_tp/sched_switch") int reads(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	return BPF_CORE_READ(task, no_such_field);
}
