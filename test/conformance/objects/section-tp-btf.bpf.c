// SPDX-License-Identifier: MIT
// Row of the section table: tracepoints with typed arguments.
#include "common.h"

GPL;
SEC("tp_btf/sched_switch") int on_switch(unsigned long long *ctx)
{
	return ctx[0] ? 0 : 0;
}
