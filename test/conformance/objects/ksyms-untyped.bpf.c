// SPDX-License-Identifier: MIT
// Addresses of kernel symbols, also of such that do not exist.
#include "common.h"

GPL;
extern const void bpf_prog_put __ksym;
extern const void no_such_symbol __ksym __weak;
SEC("raw_tp/sys_enter") int reads(void *ctx)
{
	__u64 address = (__u64)&bpf_prog_put;
	return (address >> 32) + (&no_such_symbol != 0);
}
