/* The kernel's types as far as our programs touch them. Field offsets are
 * filled in when a program is loaded (CO-RE), so only names and types matter
 * here, and one object runs on every kernel from 5.10 on. */
#pragma once

#include <linux/bpf.h>
#include <linux/types.h>

#define WEIR_RELOCATED __attribute__((preserve_access_index))

struct ns_common {
  unsigned int inum;
} WEIR_RELOCATED;

struct pid_namespace {
  struct ns_common ns;
} WEIR_RELOCATED;

struct upid {
  int nr;
  struct pid_namespace *ns;
} WEIR_RELOCATED;

struct pid {
  unsigned int level;
  struct upid numbers[1]; /* one for each level; the bound differs between kernels */
} WEIR_RELOCATED;

struct kernfs_node {
  __u64 id;
} WEIR_RELOCATED;

struct cgroup {
  struct kernfs_node *kn;
} WEIR_RELOCATED;

struct cgroup_subsys_state {
  struct cgroup *cgroup;
} WEIR_RELOCATED;

struct css_set {
  struct cgroup_subsys_state *subsys[1]; /* indexed by enum cgroup_subsys_id */
} WEIR_RELOCATED;

struct mm_struct;

struct unwind_state {
  _Bool full_regs; /* of the ORC unwinder only */
} WEIR_RELOCATED;

struct task_struct {
  unsigned int flags;
  void *stack;
  struct mm_struct *mm;
  int pid;
  int tgid;
  struct task_struct *group_leader;
  struct pid *thread_pid;
  struct css_set *cgroups;
  int pagefault_disabled;
} WEIR_RELOCATED;

struct timerqueue_node {
  __s64 expires; /* CLOCK_MONOTONIC, ns */
} WEIR_RELOCATED;

struct hrtimer {
  struct timerqueue_node node;
} WEIR_RELOCATED;

struct hw_perf_event {
  struct hrtimer hrtimer;
} WEIR_RELOCATED;

struct perf_event {
  struct hw_perf_event hw;
} WEIR_RELOCATED;

/* What a struct bpf_perf_event_data stands for. */
struct bpf_perf_event_data_kern {
  struct perf_event *event;
} WEIR_RELOCATED;

/* The values depend on how the kernel was configured: always by bpf_core_enum_value(). */
enum cgroup_subsys_id {
  cpuset_cgrp_id,
  cpu_cgrp_id,
  cpuacct_cgrp_id,
  memory_cgrp_id,
  pids_cgrp_id,
  freezer_cgrp_id,
};

enum { PF_KTHREAD = 0x00200000 };

/* The x86-64 register frame as it lies on a kernel stack and in a perf event's context. It is ABI, so
 * it is not relocated: newer kernels declare `cs` and `ss` as unions around 16 bits, which a
 * relocation would narrow to a load that older kernels refuse. */
struct weir_registers {
  __u64 r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

/* struct bpf_perf_event_data */
struct weir_perf_context {
  struct weir_registers regs;
  __u64 sample_period;
  __u64 addr;
};
