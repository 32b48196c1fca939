// SPDX-License-Identifier: MIT
// Weak and hidden variables.
#include "common.h"

GPL;
int weak_one __weak = 4;
int hidden_one __hidden = 5;
const volatile int weak_limit __weak = 6;
SEC("tc") int uses(struct __sk_buff *skb)
{
	weak_one++;
	hidden_one--;
	return weak_one + hidden_one + weak_limit;
}
