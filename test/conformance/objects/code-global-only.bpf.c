// SPDX-License-Identifier: MIT
// Functions without a program.
#include "common.h"

GPL;
__noinline int nobody(int n)
{
	return n + 1;
}
