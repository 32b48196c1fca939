// SPDX-License-Identifier: MIT
// Variables that live in an arena whose address nobody gives.
#include "common.h"

GPL;
#define ARENA 33
#define __arena __attribute__((address_space(1)))
struct {
	__uint(type, ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 10);
} arena SEC(".maps");
int __arena counted SEC(".addr_space.1") = 5;
SEC("syscall") int counts(void *ctx)
{
	/* The verifier learns of the arena by a reference to it. */
	void *map = &arena;
	asm volatile("" : "+r"(map));
	counted++;
	return counted;
}
