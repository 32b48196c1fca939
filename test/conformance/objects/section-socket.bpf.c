// SPDX-License-Identifier: MIT
// Rows of the section table: socket, sk_reuseport, sk_lookup.
#include "common.h"

GPL;
RETURNS("socket", on_socket, struct __sk_buff, 0)
RETURNS("sk_reuseport", on_reuseport, struct sk_reuseport_md, SK_PASS)
RETURNS("sk_reuseport/migrate", on_migrate, struct sk_reuseport_md, SK_PASS)
RETURNS("sk_lookup", on_lookup, struct bpf_sk_lookup, SK_PASS)
