// SPDX-License-Identifier: MIT
// Rows of the section table: light-weight tunnels.
#include "common.h"

GPL;
RETURNS("lwt_in", on_in, struct __sk_buff, BPF_OK)
RETURNS("lwt_out", on_out, struct __sk_buff, BPF_OK)
RETURNS("lwt_xmit", on_xmit, struct __sk_buff, BPF_OK)
RETURNS("lwt_seg6local", on_seg6, struct __sk_buff, BPF_OK)
