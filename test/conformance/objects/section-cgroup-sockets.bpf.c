// SPDX-License-Identifier: MIT
// Rows of the section table: sockets of a cgroup.
#include "common.h"

GPL;
RETURNS("cgroup/sock_create", on_create, struct bpf_sock, 1)
RETURNS("cgroup/sock_release", on_release, struct bpf_sock, 1)
RETURNS("cgroup/sock", on_sock, struct bpf_sock, 1)
RETURNS("cgroup/post_bind4", on_post_bind4, struct bpf_sock, 1)
RETURNS("cgroup/post_bind6", on_post_bind6, struct bpf_sock, 1)
