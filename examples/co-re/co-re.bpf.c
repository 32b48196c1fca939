// SPDX-License-Identifier: MIT
// Remembers of every program that is started who started it, and where: read from the kernel's own structures, whose layout
// differs from kernel to kernel. Only what is read is declared here; where it lies is found out when it is loaded.
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	unsigned int val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct upid {
	int nr;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

enum pid_type {
	PIDTYPE_PID,
	PIDTYPE_TGID,
};

struct signal_struct {
	struct pid *pids[4];
};

struct new_utsname {
	char nodename[65];
};

struct uts_namespace {
	struct new_utsname name;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
};

struct mm_struct {
	unsigned long total_vm;
};

struct task_struct {
	int tgid;
	int static_prio;
	char comm[16];
	__u64 start_boottime;
	struct task_struct *real_parent;
	const struct cred *cred;
	struct signal_struct *signal;
	struct nsproxy *nsproxy;
	struct mm_struct *mm;
};

// Linux 5.5 renamed it: a flavour of the same struct, which no kernel from then on matches.
struct task_struct___before_5_5 {
	__u64 real_start_time;
};

#pragma clang attribute pop

struct start {
	__u64 nanoseconds_after_boot;
	__u32 parent;
	__u32 user;
	__u32 number_in_namespace;
	__s32 nice;
	__u64 pages;
	char parent_name[16];
	char host[65];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct start);
} starts SEC(".maps");

static __u64 start_of(struct task_struct *task)
{
	struct task_struct___before_5_5 *older = (void *)task;

	if (bpf_core_field_exists(older->real_start_time))
		return BPF_CORE_READ(older, real_start_time);
	return BPF_CORE_READ(task, start_boottime);
}

/*
 * A process has a number in each of the namespaces that it is in; the last one is what it sees itself. The compiler knows only its
 * own size of an element, so an index that varies is multiplied by hand.
 */
static __u32 number_in_namespace(struct task_struct *task)
{
	int type = bpf_core_enum_value(enum pid_type, PIDTYPE_TGID);
	struct pid *pid = BPF_CORE_READ(task, signal, pids[type]);
	unsigned int level = BPF_CORE_READ(pid, level);
	struct upid *number = (void *)pid->numbers + level * bpf_core_type_size(struct upid);

	return BPF_CORE_READ(number, nr);
}

SEC("raw_tracepoint/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	__u32 process = BPF_CORE_READ(task, tgid);
	struct start start = {
		.nanoseconds_after_boot = start_of(task),
		.parent = BPF_CORE_READ(task, real_parent, tgid),
		.user = BPF_CORE_READ(task, cred, uid.val),
		.number_in_namespace = number_in_namespace(task),
		.nice = BPF_CORE_READ(task, static_prio) - 120,
		.pages = BPF_CORE_READ(task, mm, total_vm),
	};

	BPF_CORE_READ_STR_INTO(&start.parent_name, task, real_parent, comm);
	BPF_CORE_READ_STR_INTO(&start.host, task, nsproxy, uts_ns, name.nodename);
	bpf_map_update_elem(&starts, &process, &start, BPF_ANY);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
