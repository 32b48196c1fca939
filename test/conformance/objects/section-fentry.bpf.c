// SPDX-License-Identifier: MIT
// Row of the section table: entries of kernel functions. A kernel in lockdown refuses.
#include "common.h"

GPL;
RETURNS("fentry/do_nanosleep", on_entry, unsigned long long, 0)
