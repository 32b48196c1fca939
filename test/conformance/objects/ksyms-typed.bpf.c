// SPDX-License-Identifier: MIT
// A variable of each CPU of the kernel by its type; not every kernel lists its variables.
#include "common.h"

GPL;
extern const int cpu_number __ksym __weak;
extern const unsigned long espfix_waddr __ksym;
SEC("raw_tp/sys_enter") int reads(void *ctx)
{
	const unsigned long *address = bpf_this_cpu_ptr(&espfix_waddr);
	return *address + (&cpu_number != 0);
}
