// SPDX-License-Identifier: GPL-2.0
/* Samples the stacks of chosen processes: one call per tick of each CPU's
 * clock event. Choosing comes before unwinding, so that everybody else's ticks
 * stay cheap. Its twin in user space is profiler/sampler.cpp. */
#include "bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "bpf/cpu_sample.h"

enum {
  kMaxNamespaces = 32, /* the kernel's own limit of nested pid namespaces */
  kThreadSize = 16384, /* of kernels before 5.15, where no helper finds the registers */
  kUserCode32 = 0x23,  /* code segment of 32-bit processes */
};

/* Set before loading. */
const volatile __u32 own_pid_namespace = 0; /* inode; 0: the first one, where kernel pids are ours */
const volatile __u32 cgroup_hierarchy = CPU_SAMPLE_UNIFIED;

struct cpu_sample_config config;

struct scratch {
  struct cpu_sample head;
  struct cpu_sample_section user;
  __u64 frames[CPU_SAMPLE_MAX_FRAMES];
  /* The kernel's section begins right after the last user frame; this is the room it may need. */
  struct cpu_sample_section kernel;
  __u64 kernel_frames[CPU_SAMPLE_MAX_KERNEL_FRAMES];
};

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct scratch);
} scratches SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, CPU_SAMPLE_COUNTERS);
  __type(key, __u32);
  __type(value, __u64);
} counters SEC(".maps");

/* Chosen processes. */
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 2048);
  __type(key, __u32);
  __type(value, __u8);
} pids SEC(".maps");

/* What user space decided for a cgroup (cpu_sample_choice). One that falls out is asked for again. */
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 2048);
  __type(key, __u64);
  __type(value, __u8);
} cgroups SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 512 * 1024);
} records SEC(".maps");

static __always_inline void count_by(__u32 counter, __u64 n) {
  __u64 *value = bpf_map_lookup_elem(&counters, &counter);
  if (value) *value += n;
}

static __always_inline void count(__u32 counter) { count_by(counter, 1); }

/* The number of a task in our own pid namespace; 0 when it is not visible there. */
static __always_inline __u32 own_pid(struct task_struct *task) {
  struct pid *pid = BPF_CORE_READ(task, thread_pid);
  __u32 level = BPF_CORE_READ(pid, level);
  __u64 numbers = (__u64)pid + bpf_core_field_offset(struct pid, numbers);
  for (__u32 i = 0; i < kMaxNamespaces && i <= level; ++i) {
    struct upid *number = (void *)(numbers + i * bpf_core_type_size(struct upid));
    if (BPF_CORE_READ(number, ns, ns.inum) == own_pid_namespace) return BPF_CORE_READ(number, nr);
  }
  return 0;
}

#define SUBSYSTEM(name)                                                                    \
  (bpf_core_enum_value_exists(enum cgroup_subsys_id, name)                                 \
       ? (__s32)bpf_core_enum_value(enum cgroup_subsys_id, name)                           \
       : -1)

static __always_inline __s32 subsystem(void) {
  switch (cgroup_hierarchy) {
    case CPU_SAMPLE_MEMORY: return SUBSYSTEM(memory_cgrp_id);
    case CPU_SAMPLE_CPU: return SUBSYSTEM(cpu_cgrp_id);
    case CPU_SAMPLE_CPUACCT: return SUBSYSTEM(cpuacct_cgrp_id);
    case CPU_SAMPLE_PIDS: return SUBSYSTEM(pids_cgrp_id);
    case CPU_SAMPLE_FREEZER: return SUBSYSTEM(freezer_cgrp_id);
    case CPU_SAMPLE_CPUSET: return SUBSYSTEM(cpuset_cgrp_id);
    default: return -1;
  }
}

static __always_inline __u64 cgroup_id(struct task_struct *task) {
  if (cgroup_hierarchy == CPU_SAMPLE_UNIFIED) return bpf_get_current_cgroup_id();
  __s32 index = subsystem();
  if (index < 0) return 0;
  __u64 subsystems = (__u64)BPF_CORE_READ(task, cgroups) + bpf_core_field_offset(struct css_set, subsys);
  struct cgroup_subsys_state *state = 0;
  bpf_probe_read_kernel(&state, sizeof state, (void *)(subsystems + (__u64)index * sizeof state));
  return BPF_CORE_READ(state, cgroup, kn, id);
}

/* The counter of what was chosen: SELECTED, ASKED or UNSELECTED. */
static __always_inline __u32 choose(__u32 tgid, __u64 cgroup) {
  if (!tgid) return CPU_SAMPLE_UNSELECTED;
  if (config.default_yes || bpf_map_lookup_elem(&pids, &tgid)) return CPU_SAMPLE_SELECTED;
  if (!config.select_cgroups) return CPU_SAMPLE_UNSELECTED;
  __u8 *choice = bpf_map_lookup_elem(&cgroups, &cgroup);
  if (!choice) return CPU_SAMPLE_ASKED;
  return *choice == CPU_SAMPLE_CHOICE_YES ? CPU_SAMPLE_SELECTED : CPU_SAMPLE_UNSELECTED;
}

/* The registers with which the thread left user mode; 0 when they were found. */
static __always_inline int saved_registers(struct task_struct *task, struct weir_registers *regs) {
  if (!BPF_CORE_READ(task, mm)) return -1;
  void *at;
  if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) {
    at = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());
  } else {
    at = BPF_CORE_READ(task, stack) + kThreadSize - sizeof *regs;
  }
  if (bpf_probe_read_kernel(regs, sizeof *regs, at)) return -1;
  return (regs->cs & 3) == 3 ? 0 : -1;
}

/* Follows saved frame pointers into scratch.frames; returns how many frames. Not static: the verifier
 * then looks at it once, for any arguments, instead of at every depth in its caller. */
__noinline int walk_frame_pointers(__u64 ip, __u64 bp, __u64 sp) {
  __u32 zero = 0;
  struct scratch *s = bpf_map_lookup_elem(&scratches, &zero);
  if (!s) return 0;
  s->frames[0] = ip;
  for (int i = 1; i < CPU_SAMPLE_MAX_FRAMES; ++i) {
    if (bp == 0) {
      s->user.flags = CPU_SAMPLE_COMPLETE;
      return i;
    }
    /* Stacks grow down: a caller's frame lies above. Anything else is not a frame pointer. */
    if (bp < sp || bp & 7) return i;
    __u64 frame[2]; /* the caller's frame pointer, the return address */
    if (bpf_probe_read_user(frame, sizeof frame, (void *)bp)) return i;
    if (frame[1] == 0) return i;
    s->frames[i] = frame[1];
    sp = bp + sizeof frame;
    bp = frame[0];
  }
  if (bp == 0) {
    s->user.flags = CPU_SAMPLE_COMPLETE;
  } else if (bp >= sp && !(bp & 7)) {
    s->user.flags = CPU_SAMPLE_TRUNCATED;
  }
  return CPU_SAMPLE_MAX_FRAMES;
}

/* Returns how many user frames there are. */
static __always_inline __u32 user_stack(struct weir_perf_context *ctx, struct task_struct *task,
                                        struct scratch *s) {
  struct weir_registers saved;
  __u64 ip, bp, sp, cs;
  if (s->head.flags & CPU_SAMPLE_IN_KERNEL) {
    if (saved_registers(task, &saved)) {
      s->head.flags |= CPU_SAMPLE_NO_USER_REGISTERS;
      count(CPU_SAMPLE_NO_REGISTERS);
      return 0;
    }
    ip = saved.ip, bp = saved.bp, sp = saved.sp, cs = saved.cs;
  } else {
    ip = *(volatile __u64 *)&ctx->regs.ip;
    bp = *(volatile __u64 *)&ctx->regs.bp;
    sp = *(volatile __u64 *)&ctx->regs.sp;
    cs = *(volatile __u64 *)&ctx->regs.cs;
  }
  if ((cs & 0xffff) == kUserCode32) {
    s->head.flags |= CPU_SAMPLE_32_BIT;
    s->frames[0] = ip;
    return 1;
  }
  return walk_frame_pointers(ip, bp, sp);
}

/* Puts the kernel's section behind the user's; returns how many frames. */
static __always_inline __u32 kernel_stack(struct weir_perf_context *ctx, struct scratch *s, __u32 user_frames) {
  struct cpu_sample_section *section = (void *)&s->frames[user_frames];
  /* One frame more than the limit would say "truncated", but needs room: a full section says it too. */
  long size = bpf_get_stack(ctx, section + 1, sizeof s->kernel_frames, 0);
  if (size <= 0) return 0;
  __u32 frames = (__u32)size / sizeof(__u64);
  *section = (struct cpu_sample_section){
      .kind = CPU_SAMPLE_KERNEL,
      .mode = CPU_SAMPLE_BY_KERNEL,
      .flags = frames >= CPU_SAMPLE_MAX_KERNEL_FRAMES ? CPU_SAMPLE_TRUNCATED : CPU_SAMPLE_COMPLETE,
      .frame_size = sizeof(__u64),
      .frames = (__u16)frames,
  };
  return frames;
}

static __always_inline void send(struct scratch *s, __u32 user_frames, __u32 kernel_frames) {
  if (user_frames + kernel_frames == 0) {
    count(s->head.flags & CPU_SAMPLE_IN_KERNEL ? CPU_SAMPLE_LOST_NO_STACK : CPU_SAMPLE_LOST_MODE_OFF);
    return;
  }
  s->user.kind = CPU_SAMPLE_USER;
  s->user.mode = CPU_SAMPLE_FRAME_POINTERS;
  s->user.frame_size = sizeof(__u64);
  s->user.frames = (__u16)user_frames;
  s->head.sections = kernel_frames ? 2 : 1;
  __u32 size = sizeof s->head + sizeof s->user + user_frames * sizeof(__u64);
  if (kernel_frames) size += sizeof s->kernel + kernel_frames * sizeof(__u64);
  s->head.size = size;
  /* The compiler knows that size fits; the verifier does not. */
  asm volatile("" : "+r"(size));
  if (size > sizeof *s) size = sizeof *s;
  if (bpf_ringbuf_output(&records, s, size, BPF_RB_NO_WAKEUP)) count(CPU_SAMPLE_LOST_RING_FULL);
}

SEC("perf_event")
int cpu_sample(struct weir_perf_context *ctx) {
  __u64 start = bpf_ktime_get_ns();
  __u32 zero = 0;
  count(CPU_SAMPLE_RUNS);
  __u64 kernel_pid = bpf_get_current_pid_tgid();
  struct task_struct *task = (void *)bpf_get_current_task();
  if ((__u32)kernel_pid == 0) {
    count(CPU_SAMPLE_IDLE);
    return 0;
  }
  if (BPF_CORE_READ(task, flags) & PF_KTHREAD) {
    count(CPU_SAMPLE_KERNEL_THREAD);
    return 0;
  }
  __u32 tgid = own_pid_namespace ? own_pid(BPF_CORE_READ(task, group_leader)) : kernel_pid >> 32;
  __u64 cgroup = config.select_cgroups ? cgroup_id(task) : 0;
  __u32 chosen = choose(tgid, cgroup);
  count(chosen);
  if (chosen == CPU_SAMPLE_UNSELECTED) return 0;

  struct scratch *s = bpf_map_lookup_elem(&scratches, &zero);
  if (!s) return 0;
  s->head.type = CPU_SAMPLE_STACK;
  s->head.version = CPU_SAMPLE_VERSION;
  s->head.flags = chosen == CPU_SAMPLE_ASKED ? CPU_SAMPLE_UNDECIDED : 0;
  if ((*(volatile __u64 *)&ctx->regs.cs & 3) == 0) s->head.flags |= CPU_SAMPLE_IN_KERNEL;
  s->head.time = start;
  s->head.cgroup = cgroup;
  s->head.tgid = tgid;
  s->head.tid = own_pid_namespace ? own_pid(task) : (__u32)kernel_pid;
  s->head.cpu = bpf_get_smp_processor_id();
  s->head.comm[0] = 0;
  if (config.comm) bpf_get_current_comm(s->head.comm, sizeof s->head.comm);
  s->user.flags = 0;

  __u32 user_frames = 0, kernel_frames = 0;
  if (config.collect_user) user_frames = user_stack(ctx, task, s);
  if (user_frames > CPU_SAMPLE_MAX_FRAMES) user_frames = CPU_SAMPLE_MAX_FRAMES;
  if (config.collect_kernel && s->head.flags & CPU_SAMPLE_IN_KERNEL)
    kernel_frames = kernel_stack(ctx, s, user_frames);
  send(s, user_frames, kernel_frames);
  count_by(CPU_SAMPLE_BUSY_NS, bpf_ktime_get_ns() - start);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
