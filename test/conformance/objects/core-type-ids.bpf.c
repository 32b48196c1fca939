// SPDX-License-Identifier: MIT
// CO-RE: ids of types, the object's own and the kernel's.
#include "core.h"

GPL;
struct task_struct {
	int pid;
} CORE;
struct only_ours {
	int a;
};
SEC("tc") int ids(struct __sk_buff *skb)
{
	return bpf_core_type_id_local(struct only_ours) + bpf_core_type_id_kernel(struct task_struct);
}
