// SPDX-License-Identifier: MIT
// Row of the section table: security hooks that may sleep.
#include "common.h"

GPL;
RETURNS("lsm.s/file_open", on_open, unsigned long long, 0)
