// SPDX-License-Identifier: MIT
// Row of the section table: exits of kernel functions.
#include "common.h"

GPL;
RETURNS("fexit/do_nanosleep", on_exit, unsigned long long, 0)
