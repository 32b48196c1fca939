// SPDX-License-Identifier: MIT
// Row of the section table: entry and exit in one program; newer than this kernel.
#include "common.h"

GPL;
RETURNS("fsession/do_nanosleep", both, unsigned long long, 0)
