// SPDX-License-Identifier: MIT
// A congestion control for TCP: Reno, as the kernel has it, that counts what happens and never lets the threshold fall below
// a floor that the manifest gives.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char _license[] SEC("license") = "GPL";

// The kernel compares the types of what its functions take: a struct, whatever is in it.
struct sock {
};

// Functions of the kernel (6.0 exports them to such programs).
extern __u32 tcp_reno_ssthresh(struct sock *sk) __ksym;
extern __u32 tcp_reno_undo_cwnd(struct sock *sk) __ksym;
extern void tcp_reno_cong_avoid(struct sock *sk, __u32 ack, __u32 acked) __ksym;

// What is used of the kernel's struct, in any order: pinfold lays it out as the running kernel has it.
struct tcp_congestion_ops {
	void (*init)(struct sock *sk);
	__u32 (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, __u32 ack, __u32 acked);
	__u32 (*undo_cwnd)(struct sock *sk);
	char name[16];
};

const volatile __u32 lowest_threshold = 2;

__u64 connections;
__u64 acknowledged;
__u64 losses;

SEC("struct_ops/init")
void BPF_PROG(start, struct sock *sk)
{
	__sync_fetch_and_add(&connections, 1);
}

SEC("struct_ops/ssthresh")
__u32 BPF_PROG(threshold, struct sock *sk)
{
	__u32 wanted = tcp_reno_ssthresh(sk);

	__sync_fetch_and_add(&losses, 1);
	return wanted < lowest_threshold ? lowest_threshold : wanted;
}

SEC("struct_ops/cong_avoid")
void BPF_PROG(grow, struct sock *sk, __u32 ack, __u32 acked)
{
	__sync_fetch_and_add(&acknowledged, acked);
	tcp_reno_cong_avoid(sk, ack, acked);
}

SEC("struct_ops/undo_cwnd")
__u32 BPF_PROG(undo, struct sock *sk)
{
	return tcp_reno_undo_cwnd(sk);
}

SEC(".struct_ops.link")
struct tcp_congestion_ops counting_reno = {
	.init = (void *)start,
	.ssthresh = (void *)threshold,
	.cong_avoid = (void *)grow,
	.undo_cwnd = (void *)undo,
	.name = "counting_reno",
};
