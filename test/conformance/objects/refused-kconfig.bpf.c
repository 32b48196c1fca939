// SPDX-License-Identifier: MIT
// Kernel configuration that is not set and must be.
#include "common.h"

GPL;
extern unsigned long CONFIG_NO_SUCH_OPTION __kconfig;
SEC("tc") int reads(struct __sk_buff *skb)
{
	return CONFIG_NO_SUCH_OPTION;
}
