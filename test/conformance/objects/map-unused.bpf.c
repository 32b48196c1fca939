// SPDX-License-Identifier: MIT
// Maps that no program uses are made all the same.
#include "common.h"

GPL;
ARRAY(nobody, 2, __u32);
int forgotten = 7;
RETURNS("socket", idle, struct __sk_buff, 0)
