// SPDX-License-Identifier: MIT
// Rows of the section table: probes of kernel functions.
#include "common.h"

GPL;
struct pt_regs;
RETURNS("kprobe/do_nanosleep", on_sleep, struct pt_regs, 0)
RETURNS("kprobe", on_anything, struct pt_regs, 0)
RETURNS("kretprobe/do_nanosleep", on_return, struct pt_regs, 0)
RETURNS("kprobe.multi/do_nano*", on_many, struct pt_regs, 0)
RETURNS("kretprobe.multi/do_nano*", on_many_returns, struct pt_regs, 0)
RETURNS("kprobe.session/do_nano*", on_session, struct pt_regs, 0)
RETURNS("ksyscall/nanosleep", on_syscall, struct pt_regs, 0)
RETURNS("kretsyscall/nanosleep", on_syscall_return, struct pt_regs, 0)
