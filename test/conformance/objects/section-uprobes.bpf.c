// SPDX-License-Identifier: MIT
// Rows of the section table: probes of user functions.
#include "common.h"

GPL;
struct pt_regs;
RETURNS("uprobe//bin/sh:main", on_call, struct pt_regs, 0)
RETURNS("uprobe", on_any_call, struct pt_regs, 0)
RETURNS("uprobe.s", on_sleepable, struct pt_regs, 0)
RETURNS("uretprobe", on_return, struct pt_regs, 0)
RETURNS("uretprobe.s", on_sleepable_return, struct pt_regs, 0)
RETURNS("uprobe.multi", on_many, struct pt_regs, 0)
RETURNS("uprobe.multi.s", on_many_sleepable, struct pt_regs, 0)
RETURNS("uretprobe.multi", on_many_returns, struct pt_regs, 0)
RETURNS("uretprobe.multi.s", on_many_returns_sleepable, struct pt_regs, 0)
RETURNS("uprobe.session", on_session, struct pt_regs, 0)
RETURNS("uprobe.session.s", on_session_sleepable, struct pt_regs, 0)
