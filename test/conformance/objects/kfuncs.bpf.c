// SPDX-License-Identifier: MIT
// Functions of the kernel, weak ones among them that it lacks.
#include "common.h"

GPL;
struct task_struct {
	int pid;
} __attribute__((preserve_access_index));
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
extern int no_such_function(int n) __ksym __weak;
SEC("tc") int calls(struct __sk_buff *skb)
{
	struct task_struct *task = bpf_task_from_pid(1);
	if (task)
		bpf_task_release(task);
	if (no_such_function)
		return no_such_function(3);
	return task != 0;
}
