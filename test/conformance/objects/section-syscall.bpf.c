// SPDX-License-Identifier: MIT
// Row of the section table: programs that make system calls.
#include "common.h"

GPL;
struct arguments {
	__u64 count;
};
SEC("syscall") int counts(struct arguments *ctx)
{
	return ctx->count > 3;
}
