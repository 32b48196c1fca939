// SPDX-License-Identifier: MIT
// CO-RE: bit fields read by loads of the right width.
#include "core.h"

GPL;
struct task_struct {
	unsigned int sched_reset_on_fork : 1;
	unsigned int in_iowait : 1;
	int pid;
} CORE;
struct bpf_iter__task {
	void *meta;
	struct task_struct *task;
} CORE;
int waiting;
SEC("iter/task") int each(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	if (task)
		waiting += BPF_CORE_READ_BITFIELD(task, in_iowait) + BPF_CORE_READ_BITFIELD(task, sched_reset_on_fork);
	return 0;
}
