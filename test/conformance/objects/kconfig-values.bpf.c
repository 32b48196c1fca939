// SPDX-License-Identifier: MIT
// Kernel configuration: version, a number, tristate, text, a character.
#include "common.h"

GPL;
extern int LINUX_KERNEL_VERSION __kconfig;
extern unsigned long CONFIG_HZ __kconfig;
extern enum libbpf_tristate CONFIG_BPF_SYSCALL __kconfig;
extern bool CONFIG_BPF_JIT __kconfig;
extern char CONFIG_DEFAULT_HOSTNAME[16] __kconfig;
SEC("tc") int reads(struct __sk_buff *skb)
{
	return LINUX_KERNEL_VERSION + CONFIG_HZ + CONFIG_BPF_SYSCALL + CONFIG_BPF_JIT + CONFIG_DEFAULT_HOSTNAME[1];
}
