// SPDX-License-Identifier: MIT
// Row of the section table: functions whose return value a program may change.
#include "common.h"

GPL;
RETURNS("fmod_ret/bpf_modify_return_test", instead, unsigned long long, 0)
