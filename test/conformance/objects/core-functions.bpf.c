// SPDX-License-Identifier: MIT
// CO-RE: relocations in functions that are called.
#include "core.h"

GPL;
struct task_struct {
	int pid, tgid;
	struct task_struct *real_parent;
} CORE;
static __noinline int own(unsigned long long address)
{
	struct task_struct *task = (void *)address;
	return BPF_CORE_READ(task, pid);
}
__noinline int of_parent(unsigned long long address)
{
	struct task_struct *task = (void *)address;
	return BPF_CORE_READ(task, real_parent, tgid) + own(address);
}
SEC("raw_tp/sched_switch") int reads(unsigned long long *ctx)
{
	return own(ctx[1]) + of_parent(ctx[2]);
}
