// SPDX-License-Identifier: MIT
// Row of the section table: netfilter.
#include "common.h"

GPL;
struct bpf_nf_ctx;
RETURNS("netfilter", on_hook, struct bpf_nf_ctx, 1)
