// SPDX-License-Identifier: MIT
// Row of the section table: security hooks of a cgroup.
#include "common.h"

GPL;
RETURNS("lsm_cgroup/socket_bind", on_bind, unsigned long long, 1)
