// SPDX-License-Identifier: MIT
// An arena that is only used as a map.
#include "common.h"

GPL;
#define ARENA 33
/* Newer than the headers. */
#define __ulong(name, value) enum { value_of_##name = value } name
struct {
	__uint(type, ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 10);
	__ulong(map_extra, 0x100000000000ull);
} arena SEC(".maps");
extern void *bpf_arena_alloc_pages(void *map, void *addr, __u32 count, int node, __u64 flags) __ksym;
SEC("syscall") int allocates(void *ctx)
{
	return bpf_arena_alloc_pages(&arena, 0, 1, -1, 0) != 0;
}
