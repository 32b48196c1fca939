// SPDX-License-Identifier: MIT
// CO-RE: offsets of fields, nested, through pointers, in arrays.
#include "core.h"

GPL;
struct list_head {
	struct list_head *next;
} CORE;
struct task_struct {
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct list_head tasks;
	char comm[16];
} CORE;
SEC("raw_tp/sched_switch") int reads(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	int pid = BPF_CORE_READ(task, pid), parent = BPF_CORE_READ(task, real_parent, tgid);
	void *next = BPF_CORE_READ(task, tasks.next);
	char letter;
	bpf_core_read(&letter, 1, &task->comm[3]);
	return pid + parent + letter + (next != 0);
}
