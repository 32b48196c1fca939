// SPDX-License-Identifier: MIT
// No licence at all.
#include "common.h"

RETURNS("tc", idle, struct __sk_buff, 0)
