// SPDX-License-Identifier: MIT
// Metadata, which bpftool shows with a program that does not read it.
#include "common.h"

GPL;
const volatile char bpf_metadata_name[] SEC(".rodata") = "conformance";
const volatile int bpf_metadata_count SEC(".rodata") = 5;
RETURNS("tc", idle, struct __sk_buff, 0)
