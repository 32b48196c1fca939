// SPDX-License-Identifier: MIT
// CO-RE: a field that the kernel lacks, behind a check that the verifier follows.
#include "core.h"

GPL;
struct task_struct {
	int pid;
	int no_such_field;
} CORE;
SEC("raw_tp/sched_switch") int reads(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	if (bpf_core_field_exists(task->no_such_field))
		return task->no_such_field;
	return BPF_CORE_READ(task, pid);
}
