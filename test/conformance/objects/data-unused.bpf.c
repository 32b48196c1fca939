// SPDX-License-Identifier: MIT
// A variable that no program reads.
#include "common.h"

GPL;
const volatile int nobody = 5;
RETURNS("tc", idle, struct __sk_buff, 0)
