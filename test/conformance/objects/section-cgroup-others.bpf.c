// SPDX-License-Identifier: MIT
// Rows of the section table: sysctl, socket options and devices of a cgroup.
#include "common.h"

GPL;
RETURNS("cgroup/sysctl", on_sysctl, struct bpf_sysctl, 1)
RETURNS("cgroup/getsockopt", on_getsockopt, struct bpf_sockopt, 1)
RETURNS("cgroup/setsockopt", on_setsockopt, struct bpf_sockopt, 1)
RETURNS("cgroup/dev", on_dev, struct bpf_cgroup_dev_ctx, 1)
