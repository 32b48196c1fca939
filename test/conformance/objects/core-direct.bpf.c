// SPDX-License-Identifier: MIT
// CO-RE: loads and stores whose offset is in the instruction.
#include "core.h"

GPL;
struct __sk_buff___local {
	__u32 len, mark;
};
struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id, seq_num;
} CORE;
struct task_struct {
	int pid, tgid;
} CORE;
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} CORE;
int found;
SEC("iter/task") int each(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	if (task && task->pid == task->tgid)
		found++;
	return 0;
}
