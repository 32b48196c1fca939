// SPDX-License-Identifier: MIT
// Rows of the section table: static probes of user programs.
#include "common.h"

GPL;
struct pt_regs;
RETURNS("usdt", on_probe, struct pt_regs, 0)
RETURNS("usdt.s", on_sleepable_probe, struct pt_regs, 0)
