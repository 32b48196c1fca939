// SPDX-License-Identifier: MIT
// A kernel version beside the licence.
#include "common.h"

GPL;
__u32 VERSION SEC("version") = 0x50a00;
RETURNS("kprobe/do_nanosleep", on_sleep, void, 0)
