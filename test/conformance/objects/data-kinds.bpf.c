// SPDX-License-Identifier: MIT
// Variables of every kind, with initial values and without.
#include "common.h"

GPL;
struct point {
	int x, y;
	char name[6];
};
enum level { LOW = 1, HIGH = 9 };
int zero;
long number = -5;
unsigned char byte = 200;
struct point points[2] = { { 1, 2, "one" }, { 3, 4, "two" } };
enum level level = HIGH;
bool yes = true;
char text[16] = "initial";
const volatile int limit = 77;
const volatile struct point origin = { .name = "origin" };
static int hidden_zero;
static long hidden = 123456789012;
static const volatile int hidden_limit = 8;
volatile __u64 last;
SEC("tc") int uses(struct __sk_buff *skb)
{
	hidden_zero += hidden;
	zero++;
	last = number + byte + points[skb->len & 1].y + level + yes + text[2] + limit + origin.name[1] + hidden_limit;
	hidden = last;
	return hidden_zero;
}
