// SPDX-License-Identifier: MIT
// Tags on variables, functions, members and types.
#include "common.h"

GPL;
#define DECL(text) __attribute__((btf_decl_tag(text)))
#define TYPE(text) __attribute__((btf_type_tag(text)))
struct tagged {
	int a DECL("member");
	int TYPE("pointee") *b;
} DECL("struct");
struct tagged variable DECL("variable") = { 1 };
typedef int DECL("typedef") number;
ARRAY(mapped, 1, struct tagged) DECL("map");
DECL("function") __noinline int called(number n DECL("argument"))
{
	return n + variable.a;
}
SEC("tc") int uses(struct __sk_buff *skb)
{
	__u32 key = 0;
	return called(skb->len) + (bpf_map_lookup_elem(&mapped, &key) != 0);
}
