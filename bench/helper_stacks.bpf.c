// SPDX-License-Identifier: GPL-2.0
/* What a sample costs that is taken with the kernel's own helpers: both stacks by bpf_get_stackid(), which follows
 * frame pointers in user code, and counted in a hash table. A measure for cpu_sample on the same machine in the same
 * minute; nothing but benchmarks loads it. */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

enum {
  kMaxFrames = 127, /* of sysctl kernel.perf_event_max_stack */
  kStacks = 16384,
};

struct stack_key {
  __u64 tgid;
  __s64 user, kernel; /* numbers in `stacks`, or negative */
};

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 2048);
  __type(key, __u32);
  __type(value, __u8);
} pids SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_STACK_TRACE);
  __uint(max_entries, kStacks);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, kMaxFrames * sizeof(__u64));
} stacks SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, kStacks);
  __type(key, struct stack_key);
  __type(value, __u64);
} counts SEC(".maps");

SEC("perf_event")
int cpu_sample(struct bpf_perf_event_data* ctx) {
  __u32 tgid = bpf_get_current_pid_tgid() >> 32;
  if (!bpf_map_lookup_elem(&pids, &tgid)) return 0;
  struct stack_key key = {
      .tgid = tgid,
      .user = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK | BPF_F_REUSE_STACKID),
      .kernel = bpf_get_stackid(ctx, &stacks, BPF_F_REUSE_STACKID),
  };
  __u64* count = bpf_map_lookup_elem(&counts, &key);
  if (count) {
    __sync_fetch_and_add(count, 1);
  } else {
    __u64 one = 1;
    bpf_map_update_elem(&counts, &key, &one, BPF_NOEXIST);
  }
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
