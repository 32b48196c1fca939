// SPDX-License-Identifier: MIT
// Row of the section table: entries of functions that may sleep.
#include "common.h"

GPL;
RETURNS("fentry.s/bpf_fentry_test1", on_entry, unsigned long long, 0)
