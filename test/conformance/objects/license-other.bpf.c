// SPDX-License-Identifier: MIT
// A licence that is not compatible with the GPL.
#include "common.h"

char LICENSE[] SEC("license") = "Proprietary";
RETURNS("tc", idle, struct __sk_buff, 0)
