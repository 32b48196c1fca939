// SPDX-License-Identifier: MIT
// A lock in a data section that others may see: libbpf cannot map that section.
#include "common.h"

GPL;
struct bpf_spin_lock lock SEC(".data.locked");
SEC("tc") int locks(struct __sk_buff *skb)
{
	bpf_spin_lock(&lock);
	bpf_spin_unlock(&lock);
	return 0;
}
