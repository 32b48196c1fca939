// SPDX-License-Identifier: MIT
// Row of the section table: the same, asleep.
#include "common.h"

GPL;
RETURNS("fsession.s/bpf_fentry_test1", both, unsigned long long, 0)
