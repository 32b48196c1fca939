// What a migration is measured against: copies a hash of N entries into another one in batches, and does nothing else.
// Prints the CPU time of that (user and system) and the time on the wall, in milliseconds.
#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 16384 };

struct value {
  uint64_t packets, bytes;
};

static uint32_t keys[BATCH];
static struct value values[BATCH];

static long bpf(int command, union bpf_attr* attr) { return syscall(SYS_bpf, command, attr, sizeof *attr); }

static int create(uint32_t entries) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.map_type = BPF_MAP_TYPE_HASH;
  attr.key_size = sizeof keys[0];
  attr.value_size = sizeof values[0];
  attr.max_entries = entries;
  return bpf(BPF_MAP_CREATE, &attr);
}

static void update(int map, uint32_t count) {
  union bpf_attr attr;
  memset(&attr, 0, sizeof attr);
  attr.batch.map_fd = map;
  attr.batch.keys = (uintptr_t)keys;
  attr.batch.values = (uintptr_t)values;
  attr.batch.count = count;
  if (bpf(BPF_MAP_UPDATE_BATCH, &attr) < 0) perror("update"), exit(1);
}

static void fill(int map, uint32_t entries) {
  for (uint32_t first = 0; first < entries; first += BATCH) {
    uint32_t count = entries - first < BATCH ? entries - first : BATCH;
    for (uint32_t i = 0; i < count; i++) {
      keys[i] = first + i;
      values[i] = (struct value){first + i, 7 * (uint64_t)(first + i)};
    }
    update(map, count);
  }
}

static uint32_t copy(int from, int to) {
  uint32_t place, next, total = 0;
  union bpf_attr attr;
  for (void* in = NULL;; in = &place, place = next) {
    memset(&attr, 0, sizeof attr);
    attr.batch.map_fd = from;
    attr.batch.in_batch = (uintptr_t)in;
    attr.batch.out_batch = (uintptr_t)&next;
    attr.batch.keys = (uintptr_t)keys;
    attr.batch.values = (uintptr_t)values;
    attr.batch.count = BATCH;
    long result = bpf(BPF_MAP_LOOKUP_BATCH, &attr);
    if (result < 0 && errno != ENOENT) perror("lookup"), exit(1);
    update(to, attr.batch.count);
    total += attr.batch.count;
    if (result < 0) return total;
  }
}

static double cpu(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
}

static double wall(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

int main(int argc, char** argv) {
  uint32_t entries = argc > 1 ? atoi(argv[1]) : 1000000;
  int from = create(entries), to = create(entries);
  if (from < 0 || to < 0) perror("create"), exit(1);
  fill(from, entries);
  double cpu_before = cpu(), before = wall();
  uint32_t copied = copy(from, to);
  printf("{\"cpu\":%.1f,\"wall\":%.1f,\"copied\":%u}\n", cpu() - cpu_before, wall() - before, copied);
  return 0;
}
