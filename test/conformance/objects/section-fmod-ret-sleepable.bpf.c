// SPDX-License-Identifier: MIT
// Row of the section table: the same, asleep.
#include "common.h"

GPL;
RETURNS("fmod_ret.s/bpf_modify_return_test", instead, unsigned long long, 0)
