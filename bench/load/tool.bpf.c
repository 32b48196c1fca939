// SPDX-License-Identifier: MIT
// A tool as many are: it follows pointers through a dozen structs of the kernel by CO-RE. NAME(x) tells one copy from another.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#ifndef NUMBER
#define NUMBER 0
#endif
#define JOIN(a, b) a##_##b
#define NUMBERED(a, b) JOIN(a, b)
#define NAME(a) NUMBERED(a, NUMBER)
#define CORE __attribute__((preserve_access_index))

struct uts_namespace;
struct nsproxy {
	struct uts_namespace *uts_ns;
} CORE;
struct mm_struct {
	unsigned long total_vm, start_code;
} CORE;
struct signal_struct {
	int nr_threads;
} CORE;
struct cred {
	struct {
		unsigned int val;
	} uid;
} CORE;
struct task_struct {
	int pid, tgid, prio;
	unsigned int flags;
	struct task_struct *real_parent, *group_leader;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct nsproxy *nsproxy;
	const struct cred *cred;
	char comm[16];
	unsigned long long start_time;
} CORE;

struct event {
	int pid, tgid, parent, leader, prio, threads;
	unsigned int flags, uid;
	unsigned long memory, code;
	unsigned long long started;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, int);
	__type(value, struct event);
} NAME(events) SEC(".maps");

SEC("raw_tp/sched_switch") int NAME(on_switch)(unsigned long long *ctx)
{
	struct task_struct *task = (void *)ctx[1];
	struct event event = {};

	event.pid = BPF_CORE_READ(task, pid);
	event.tgid = BPF_CORE_READ(task, tgid);
	event.parent = BPF_CORE_READ(task, real_parent, tgid);
	event.leader = BPF_CORE_READ(task, group_leader, pid);
	event.prio = BPF_CORE_READ(task, prio);
	event.threads = BPF_CORE_READ(task, signal, nr_threads);
	event.flags = BPF_CORE_READ(task, flags);
	event.uid = BPF_CORE_READ(task, cred, uid.val);
	event.memory = BPF_CORE_READ(task, mm, total_vm);
	event.code = BPF_CORE_READ(task, mm, start_code);
	event.started = BPF_CORE_READ(task, start_time);
	bpf_core_read_str(event.comm, sizeof(event.comm), &task->comm);
	bpf_map_update_elem(&NAME(events), &event.pid, &event, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
