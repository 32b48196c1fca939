// SPDX-License-Identifier: MIT
// Two reports that are read from a pin with cat: how many threads there are, and what a map holds.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct seq_file;

/* As the kernel's BTF has them; only fields that every kernel with iterators has at this place. */
struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 session_id;
	__u64 seq_num;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	void *task;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	void *map;
	__u32 *key;
	__u64 *value;
};

/* Prices by article; filled by the manifest's `entries:`. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, __u32);
	__type(value, __u64);
} prices SEC(".maps");

SEC("iter/task")
int count_threads(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;

	if (!ctx->task) /* the end; seq_num counts the calls, this one too */
		BPF_SEQ_PRINTF(seq, "%llu threads\n", ctx->meta->seq_num);
	return 0;
}

SEC("iter/bpf_map_elem")
int list_prices(struct bpf_iter__bpf_map_elem *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	__u32 *article = ctx->key;
	__u64 *price = ctx->value;

	if (article && price)
		BPF_SEQ_PRINTF(seq, "article %u costs %llu\n", *article, *price);
	return 0;
}

char LICENSE[] SEC("license") = "Dual MIT/GPL";
