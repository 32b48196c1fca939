// SPDX-License-Identifier: MIT
// An iterator that no kernel has.
#include "common.h"

GPL;
RETURNS("iter/no_such_thing", each, void, 0)
