// SPDX-License-Identifier: MIT
// Rows of the section table: sockets that programs steer.
#include "common.h"

GPL;
RETURNS("sockops", on_sockops, struct bpf_sock_ops, 1)
RETURNS("sk_skb/stream_parser", on_parser, struct __sk_buff, 0)
RETURNS("sk_skb/stream_verdict", on_stream_verdict, struct __sk_buff, SK_PASS)
RETURNS("sk_skb/verdict", on_verdict, struct __sk_buff, SK_PASS)
RETURNS("sk_skb", on_skb, struct __sk_buff, SK_PASS)
RETURNS("sk_msg", on_msg, struct sk_msg_md, SK_PASS)
