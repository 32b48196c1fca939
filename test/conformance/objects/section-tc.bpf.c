// SPDX-License-Identifier: MIT
// Rows of the section table: traffic control, tcx and netkit.
#include "common.h"

GPL;
RETURNS("tc", on_tc, struct __sk_buff, 0)
RETURNS("classifier", on_classifier, struct __sk_buff, 0)
RETURNS("action", on_action, struct __sk_buff, 0)
RETURNS("tc/ingress", on_tc_ingress, struct __sk_buff, 0)
RETURNS("tc/egress", on_tc_egress, struct __sk_buff, 0)
RETURNS("tcx/ingress", on_tcx_ingress, struct __sk_buff, 0)
RETURNS("tcx/egress", on_tcx_egress, struct __sk_buff, 0)
RETURNS("netkit/primary", on_primary, struct __sk_buff, 0)
RETURNS("netkit/peer", on_peer, struct __sk_buff, 0)
