// SPDX-License-Identifier: MIT
// Forward declarations, recursive types, unions, function pointers, qualifiers.
#include "common.h"

GPL;
struct unknown;
union either;
typedef int (*callback)(struct unknown *, const char *restrict text);
struct node {
	struct node *next;
	struct unknown *forward;
	union either *other;
	callback call;
	union {
		int number;
		char letters[4];
	};
	const volatile int *qualified;
	int table[2][3];
};
struct node head = { .number = 4, .table = { { 1, 2, 3 }, { 4, 5, 6 } } };
SEC("tc") int uses(struct __sk_buff *skb)
{
	return head.number + head.table[skb->len & 1][2];
}
