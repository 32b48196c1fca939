// SPDX-License-Identifier: MIT
// The function is in no kernel.
#include "common.h"

GPL;
RETURNS("fentry/no_such_function", on_entry, unsigned long long, 0)
