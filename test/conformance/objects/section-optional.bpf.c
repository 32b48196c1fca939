// SPDX-License-Identifier: MIT
// A program that is loaded only when somebody asks for it.
#include "common.h"

GPL;
RETURNS("?xdp", only_if_asked, struct xdp_md, XDP_PASS)
RETURNS("xdp", always, struct xdp_md, XDP_PASS)
