// SPDX-License-Identifier: MIT
// Rows of the section table: addresses of a cgroup's sockets.
#include "common.h"

GPL;
#define ON(name) RETURNS("cgroup/" #name, on_##name, struct bpf_sock_addr, 1)
ON(bind4)
ON(bind6)
ON(connect4)
ON(connect6)
ON(connect_unix)
ON(sendmsg4)
ON(sendmsg6)
ON(sendmsg_unix)
ON(recvmsg4)
ON(recvmsg6)
ON(recvmsg_unix)
ON(getpeername4)
ON(getpeername6)
ON(getpeername_unix)
ON(getsockname4)
ON(getsockname6)
ON(getsockname_unix)
