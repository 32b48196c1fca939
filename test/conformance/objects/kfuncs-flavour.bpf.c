// SPDX-License-Identifier: MIT
// One function of the kernel in two prototypes: the one that does not fit is left out.
#include "common.h"

GPL;
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
extern struct task_struct *bpf_task_from_pid___wrong(void *name, int more) __ksym __weak;
SEC("tc") int calls(struct __sk_buff *skb)
{
	struct task_struct *task;
	if (bpf_task_from_pid___wrong)
		task = bpf_task_from_pid___wrong(0, 1);
	else
		task = bpf_task_from_pid(1);
	if (!task)
		return 0;
	bpf_task_release(task);
	return 1;
}
