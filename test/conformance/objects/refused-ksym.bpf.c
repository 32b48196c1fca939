// SPDX-License-Identifier: MIT
// A kernel symbol that must be there and is not.
#include "common.h"

GPL;
extern const void no_such_symbol __ksym;
SEC("raw_tp/sys_enter") int reads(void *ctx)
{
	return &no_such_symbol != 0;
}
