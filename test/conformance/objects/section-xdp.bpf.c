// SPDX-License-Identifier: MIT
// Rows of the section table: XDP.
#include "common.h"

GPL;
RETURNS("xdp", on_xdp, struct xdp_md, XDP_PASS)
RETURNS("xdp.frags", on_frags, struct xdp_md, XDP_PASS)
RETURNS("xdp/devmap", on_devmap, struct xdp_md, XDP_PASS)
RETURNS("xdp.frags/devmap", on_devmap_frags, struct xdp_md, XDP_PASS)
RETURNS("xdp/cpumap", on_cpumap, struct xdp_md, XDP_PASS)
RETURNS("xdp.frags/cpumap", on_cpumap_frags, struct xdp_md, XDP_PASS)
