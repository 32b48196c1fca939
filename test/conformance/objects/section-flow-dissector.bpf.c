// SPDX-License-Identifier: MIT
// Row of the section table: flow_dissector.
#include "common.h"

GPL;
RETURNS("flow_dissector", dissect, struct __sk_buff, BPF_OK)
