// SPDX-License-Identifier: MIT
// Counts what the processes of a cgroup do with sockets, and refuses connections to one port.
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

enum verdict { REFUSE, ALLOW };
enum hook { HOOK_CREATE, HOOK_CONNECT4, HOOK_CONNECT6, HOOK_REFUSED, HOOKS };

/* Host byte order; 0 refuses nothing. Set by the manifest's `globals:`. */
const volatile __u16 refused_port = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, HOOKS);
	__type(key, __u32);
	__type(value, __u64);
} calls SEC(".maps");

static __always_inline void count(__u32 hook)
{
	__u64 *calls_so_far = bpf_map_lookup_elem(&calls, &hook);

	if (calls_so_far)
		__sync_fetch_and_add(calls_so_far, 1);
}

static __always_inline int check(__u32 hook, struct bpf_sock_addr *ctx)
{
	count(hook);
	if (!refused_port || bpf_ntohs((__u16)ctx->user_port) != refused_port)
		return ALLOW;
	count(HOOK_REFUSED);
	return REFUSE;
}

SEC("cgroup/connect4")
int on_connect4(struct bpf_sock_addr *ctx)
{
	return check(HOOK_CONNECT4, ctx);
}

SEC("cgroup/connect6")
int on_connect6(struct bpf_sock_addr *ctx)
{
	return check(HOOK_CONNECT6, ctx);
}

SEC("cgroup/sock_create")
int on_create(struct bpf_sock *ctx)
{
	count(HOOK_CREATE);
	return ALLOW;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
