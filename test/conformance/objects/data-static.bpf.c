// SPDX-License-Identifier: MIT
// Static variables only: the maps need not be mappable.
#include "common.h"

GPL;
static int counted;
static int started = 4;
static const volatile int bound = 100;
SEC("tc") int uses(struct __sk_buff *skb)
{
	started += skb->len;
	return counted++ < bound ? started : 0;
}
