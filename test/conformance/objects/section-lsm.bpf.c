// SPDX-License-Identifier: MIT
// Row of the section table: security modules.
#include "common.h"

GPL;
RETURNS("lsm/file_open", on_open, unsigned long long, 0)
