// SPDX-License-Identifier: MIT
// Inline assembler: jumps, and a map by name.
#include "common.h"

GPL;
ARRAY(named, 1, __u64);
SEC("socket") __attribute__((naked)) int written(void)
{
	asm volatile("r1 = 0; *(u32 *)(r10 - 4) = r1; r2 = r10; r2 += -4; r1 = %[named] ll; call %[lookup];"
		     "if r0 == 0 goto +1; r0 = *(u64 *)(r0 + 0); exit;"
		     :
		     : [lookup] "i"(BPF_FUNC_map_lookup_elem), [named] "i"(&named)
		     : "memory");
}
