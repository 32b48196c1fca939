// SPDX-License-Identifier: MIT
// A section that names no type: libbpf cannot guess, and neither can pinfold.
#include "common.h"

GPL;
RETURNS("xdp_loose", loose, struct xdp_md, XDP_PASS)
