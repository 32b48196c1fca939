// SPDX-License-Identifier: MIT
// Row of the section table: a function that takes the place of another program's; it needs that program.
#include "common.h"

GPL;
RETURNS("freplace/some_function", instead, struct xdp_md, XDP_PASS)
