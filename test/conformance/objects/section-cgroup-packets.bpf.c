// SPDX-License-Identifier: MIT
// Rows of the section table: packets of a cgroup.
#include "common.h"

GPL;
RETURNS("cgroup_skb/ingress", on_ingress, struct __sk_buff, 1)
RETURNS("cgroup_skb/egress", on_egress, struct __sk_buff, 1)
RETURNS("cgroup/skb", on_skb, struct __sk_buff, 1)
