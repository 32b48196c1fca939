// SPDX-License-Identifier: MIT
// A value with a timer, and one with a lock.
#include "common.h"

GPL;
#define CLOCK_MONOTONIC 1
struct alarm {
	__u64 count;
	struct bpf_timer timer;
};
struct locked {
	struct bpf_spin_lock lock;
	__u32 count;
};
ARRAY(alarms, 1, struct alarm);
ARRAY(counted, 1, struct locked);
static int rings(void *map, int *key, struct alarm *alarm)
{
	alarm->count++;
	return 0;
}
SEC("tc") int starts(struct __sk_buff *skb)
{
	__u32 key = 0;
	struct alarm *alarm = bpf_map_lookup_elem(&alarms, &key);
	struct locked *locked = bpf_map_lookup_elem(&counted, &key);
	if (!alarm || !locked)
		return 0;
	bpf_timer_init(&alarm->timer, &alarms, CLOCK_MONOTONIC);
	bpf_timer_set_callback(&alarm->timer, rings);
	bpf_timer_start(&alarm->timer, 1000, 0);
	bpf_spin_lock(&locked->lock);
	locked->count++;
	bpf_spin_unlock(&locked->lock);
	return 0;
}
