// SPDX-License-Identifier: MIT
// Rows of the section table: iterators, sleepable ones too.
#include "common.h"

GPL;
struct seq_file;
struct bpf_iter_meta {
	union { struct seq_file *seq; };
	__u64 session_id, seq_num;
};
struct task_struct;
struct bpf_iter__task {
	union { struct bpf_iter_meta *meta; };
	union { struct task_struct *task; };
};
SEC("iter/task") int each_task(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	static const char text[] = "x";
	if (ctx->task)
		bpf_seq_write(seq, text, 1);
	return 0;
}
SEC("iter.s/task") int each_task_sleepable(struct bpf_iter__task *ctx)
{
	return 0;
}
SEC("iter/bpf_map") int each_map(void *ctx)
{
	return 0;
}
