// SPDX-License-Identifier: MIT
// CO-RE: elements of arrays in fields, the first and a later one, of structs too.
#include "core.h"

GPL;
struct net_device {
	char name[16];
	unsigned char *dev_addr;
} CORE;
struct pid;
struct upid {
	int nr;
} CORE;
struct pid {
	unsigned int level;
	struct upid numbers[1];
} CORE;
struct task_struct {
	struct pid *thread_pid;
	char comm[16];
} CORE;
SEC("raw_tp/sched_switch") int reads(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	char last;
	bpf_core_read(&last, 1, &task->comm[15]);
	return BPF_CORE_READ(pid, numbers[0].nr) + last + bpf_core_field_offset(task->comm[2]);
}
