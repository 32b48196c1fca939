// SPDX-License-Identifier: MIT
// A variable by its type that no kernel has.
#include "common.h"

GPL;
extern const int no_such_variable __ksym __weak;
SEC("raw_tp/sys_enter") int reads(void *ctx)
{
	return &no_such_variable != 0;
}
