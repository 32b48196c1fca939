// SPDX-License-Identifier: MIT
// Kernel configuration that is not set, and what a loader knows by itself.
#include "common.h"

GPL;
extern unsigned long CONFIG_NO_SUCH_OPTION __kconfig __weak;
extern bool CONFIG_NEITHER_THIS __kconfig __weak;
extern bool LINUX_HAS_SYSCALL_WRAPPER __kconfig;
extern bool LINUX_HAS_BPF_COOKIE __kconfig;
SEC("tc") int reads(struct __sk_buff *skb)
{
	return CONFIG_NO_SUCH_OPTION + CONFIG_NEITHER_THIS + LINUX_HAS_SYSCALL_WRAPPER + LINUX_HAS_BPF_COOKIE;
}
