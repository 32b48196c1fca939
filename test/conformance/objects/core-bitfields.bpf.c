// SPDX-License-Identifier: MIT
// CO-RE: bit fields, read by probing and directly; signs.
#include "core.h"

GPL;
struct task_struct {
	unsigned int sched_reset_on_fork : 1;
	unsigned int in_iowait : 1;
	int exit_code;
} CORE;
SEC("raw_tp/sched_switch") int reads(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	return BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait) + BPF_CORE_READ_BITFIELD_PROBED(task, sched_reset_on_fork) +
	       BPF_CORE_READ_BITFIELD_PROBED(task, exit_code);
}
