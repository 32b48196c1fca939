// SPDX-License-Identifier: MIT
// Row of the section table: exits of functions that may sleep.
#include "common.h"

GPL;
RETURNS("fexit.s/bpf_fentry_test1", on_exit, unsigned long long, 0)
