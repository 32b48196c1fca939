// SPDX-License-Identifier: MIT
// Nothing says which function.
#include "common.h"

GPL;
RETURNS("fentry", on_entry, unsigned long long, 0)
