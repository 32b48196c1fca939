// SPDX-License-Identifier: MIT
// Types of numbers: 64-bit enums, floats, 128 bits, bool, char.
#include "common.h"

GPL;
enum large { SMALL = 1, LARGE = 0x123456789abcULL };
enum negative { BELOW = -5, ABOVE = 3 };
struct numbers {
	float single_one;
	double double_one;
	__int128 wide;
	bool yes;
	signed char small;
	enum negative sign;
};
enum large choice = LARGE;
struct numbers all = { .small = -3, .sign = BELOW };
SEC("tc") int uses(struct __sk_buff *skb)
{
	return choice == LARGE ? all.small + all.sign : all.yes;
}
