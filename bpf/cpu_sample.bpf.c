// SPDX-License-Identifier: GPL-2.0
/* Samples the stacks of chosen processes: one call per tick of each CPU's
 * clock event. Choosing comes before unwinding, so that everybody else's ticks
 * stay cheap. Its twin in user space is profiler/sampler.cpp. */
#include "bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <stddef.h>

#include "bpf/cpu_sample.h"
#include "bpf/kernel_stack.bpf.h"
#include "bpf/unwind.bpf.h"

enum {
  kMaxNamespaces = 32, /* the kernel's own limit of nested pid namespaces */
  kThreadSize = 16384, /* of kernels before 5.15, where no helper finds the registers */
  kUserCode32 = 0x23,  /* code segment of 32-bit processes */
  kTimedRuns = 16, /* of so many of a CPU one is timed, for all */
  kMostRecord = offsetof(struct scratch, saved) - offsetof(struct scratch, head),
};

/* Set before loading. */
const volatile __u32 own_pid_namespace = 0; /* inode; 0: the first one, where kernel pids are ours */
const volatile __u32 cgroup_hierarchy = CPU_SAMPLE_UNIFIED;
const volatile __u32 has_unwind_tables = 0; /* else nothing is said of processes that are not in them */
const volatile __u32 check_kernel_stacks = 0; /* asks the kernel also for those that are remembered, to compare them */

struct cpu_sample_config config;

/* By the CPU's number: of all that are possible. Not a map of the kind that has a value for each CPU: of those a program
 * must first read where they are, and they share pages with others. On machines of several nodes that kind lies with its
 * CPU, this one all on one node: what was gained on one is about what it costs there. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE); /* whose values begin at a page */
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct scratch); /* begins with the counters */
} scratches SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct kernel_stacks);
} kernel_stacks SEC(".maps");

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

/* By the CPU's number: of those that were online when the program was loaded. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct cpu_sample_buffer);
} buffers SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 512 * 1024);
} records SEC(".maps");

/* The unwind tables: made by user space, which puts its maps in the place of these. */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __uint(max_entries, UNWIND_SEGMENTS);
  __type(key, __u32);
  __array(
      values, struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(map_flags, BPF_F_MMAPABLE);
        __uint(max_entries, 1);
        __type(key, __u32);
        __type(value, __u32[UNWIND_SEGMENT_WORDS]);
      });
} unwind_segments SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, UNWIND_RULES);
  __type(key, __u32);
  __type(value, struct unwind_rule);
} unwind_rules SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, UNWIND_PROCESSES);
  __type(key, __u32);
  __type(value, __u64);
} unwind_processes SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(map_flags, BPF_F_MMAPABLE);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, __u64);
} unwind_changes SEC(".maps");

static __always_inline struct scratch* own_scratch(void) {
  __u32 cpu = bpf_get_smp_processor_id();
  return bpf_map_lookup_elem(&scratches, &cpu);
}

static __always_inline __u32* unwind_segment(__u32 segment) {
  __u32 zero = 0;
  void* map = bpf_map_lookup_elem(&unwind_segments, &segment);
  return map ? bpf_map_lookup_elem(map, &zero) : 0;
}

static __always_inline struct unwind_rule* unwind_rule_of(__u32 id) {
  return bpf_map_lookup_elem(&unwind_rules, &id);
}

static __always_inline long unwind_read_user(void* to, __u32 size, __u64 from) {
  return bpf_probe_read_user(to, size, (void*)from);
}

static __always_inline struct kernel_stacks* own_kernel_stacks(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&kernel_stacks, &zero);
}

static __always_inline long kernel_stack_read(void* to, __u32 size, __u64 from) {
  return bpf_probe_read_kernel(to, size, (void*)from);
}

/* Kernels from 6.2 on. */
extern void* bpf_cast_to_kern_ctx(void* context) __ksym __weak;

/* When the tick was due. Where the kernel lets us see what its timer knows we need not look at the clock again, which
 * takes a tenth of a sample. It is also nearer to when the thread was stopped, where a host keeps a CPU for itself. Only
 * events of the CPU's clock have a timer: in others something else lies there. */
static __always_inline __u64 tick_time(struct weir_perf_context* ctx) {
  if (!bpf_cast_to_kern_ctx || !bpf_core_field_exists(struct hrtimer, node.expires)) return bpf_ktime_get_ns();
  struct bpf_perf_event_data_kern* context = bpf_cast_to_kern_ctx(ctx);
  return context->event->hw.hrtimer.node.expires;
}

static __always_inline void count(struct scratch* s, __u64 counter) {
  ++s->counters[counter & (kCounterWords - 1)];
}

/* Kernels from 5.11 on let a program follow the current task's pointers itself. */
static __always_inline int can_follow_task(void) {
  return bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf);
}

#define CURRENT_TASK(field)                                                     \
  (can_follow_task() ? ((struct task_struct*)bpf_get_current_task_btf())->field \
                     : BPF_CORE_READ((struct task_struct*)bpf_get_current_task(), field))

/* Process in the high half, thread in the low one; of the first pid namespace. */
static __always_inline __u64 current_pids(void) {
  if (!can_follow_task()) return bpf_get_current_pid_tgid();
  struct task_struct* task = (struct task_struct*)bpf_get_current_task_btf();
  return (__u64)(__u32)task->tgid << 32 | (__u32)task->pid;
}

/* Asks for what a chosen sample needs: something in each line. */
static __always_inline void touch_sample(const struct scratch* s, const struct known_process* known) {
  __u32 cpu = bpf_get_smp_processor_id();
  struct cpu_sample_buffer* buffer = bpf_map_lookup_elem(&buffers, &cpu);
  if (buffer) unwind_touch(&buffer->written);
  unwind_touch(&s->unwinding.window);
  unwind_touch(&s->head.time);
  unwind_touch(&s->frames[4]);
  unwind_touch(&known->mapping.limit);
  unwind_touch(&known->ranges[2]);
  if (!can_follow_task()) return;
  struct task_struct* task = (struct task_struct*)bpf_get_current_task_btf();
  /* The kernel looks at both before it reads user memory. Verifiers let nobody read a part of a pointer. */
  (void)*(struct mm_struct* volatile*)&task->mm;
  if (bpf_core_field_exists(task->pagefault_disabled)) unwind_touch(&task->pagefault_disabled);
}

/* The number of a task in our own pid namespace; 0 when it is not visible there. */
static __always_inline __u32 own_pid(struct task_struct* task) {
  struct pid* pid = BPF_CORE_READ(task, thread_pid);
  __u32 level = BPF_CORE_READ(pid, level);
  __u64 numbers = (__u64)pid + bpf_core_field_offset(struct pid, numbers);
  for (__u32 i = 0; i < kMaxNamespaces && i <= level; ++i) {
    struct upid* number = (void*)(numbers + i * bpf_core_type_size(struct upid));
    if (BPF_CORE_READ(number, ns, ns.inum) == own_pid_namespace) return BPF_CORE_READ(number, nr);
  }
  return 0;
}

#define SUBSYSTEM(name)                                          \
  (bpf_core_enum_value_exists(enum cgroup_subsys_id, name)       \
       ? (__s32)bpf_core_enum_value(enum cgroup_subsys_id, name) \
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

static __always_inline __u64 cgroup_id(void) {
  if (cgroup_hierarchy == CPU_SAMPLE_UNIFIED) return bpf_get_current_cgroup_id();
  __s32 index = subsystem();
  if (index < 0) return 0;
  __u64 subsystems = (__u64)CURRENT_TASK(cgroups) + bpf_core_field_offset(struct css_set, subsys);
  struct cgroup_subsys_state* state = 0;
  bpf_probe_read_kernel(&state, sizeof state, (void*)(subsystems + (__u64)index * sizeof state));
  return BPF_CORE_READ(state, cgroup, kn, id);
}

/* The counter of what was chosen: SELECTED, ASKED or UNSELECTED. */
static __always_inline enum cpu_sample_counter choose(__u32 tgid, __u64 cgroup) {
  if (config.default_yes || bpf_map_lookup_elem(&pids, &tgid)) return CPU_SAMPLE_SELECTED;
  if (!config.select_cgroups) return CPU_SAMPLE_UNSELECTED;
  __u8* choice = bpf_map_lookup_elem(&cgroups, &cgroup);
  if (!choice) return CPU_SAMPLE_ASKED;
  return *choice == CPU_SAMPLE_CHOICE_YES ? CPU_SAMPLE_SELECTED : CPU_SAMPLE_UNSELECTED;
}

/* How often what known_process holds has been changed. */
static __always_inline __u64 changes_by_now(void) {
  __u32 zero = 0;
  __u64 changes = (__u64) * (volatile __u32*)&config.changes << 32;
  if (!has_unwind_tables) return changes;
  volatile __u64* of_tables = bpf_map_lookup_elem(&unwind_changes, &zero);
  return of_tables ? changes | (__u32)*of_tables : changes;
}

/* `changes` was read before: what comes later makes the answer invalid, be it in there or not. */
__noinline int look_up_process(__u32 tgid, __u64 cgroup, __u64 changes) {
  struct scratch* s = own_scratch();
  if (!s) return 0;
  struct known_process* known = &s->processes[tgid % kKnownProcesses];
  __u64 tables = 0;
  if (has_unwind_tables) {
    /* At once: the map may be giving the entry to another process. */
    volatile __u64* entry = bpf_map_lookup_elem(&unwind_processes, &tgid);
    if (entry) tables = *entry;
  }
  if (known->tgid != tgid || known->tables != tables) {
    known->mapping.start = known->mapping.limit = 0;
    for (int i = 0; i < kUnwindRanges; ++i) known->ranges[i].size = 0;
  }
  known->chosen = choose(tgid, cgroup);
  /* Until user space has decided, each sample asks. */
  known->tgid = known->chosen == CPU_SAMPLE_ASKED ? 0 : tgid;
  known->cgroup = cgroup;
  known->changes = changes;
  known->tables = tables;
  return 0;
}

static __always_inline struct known_process* process_of(struct scratch* s, __u32 tgid, __u64 cgroup) {
  struct known_process* known = &s->processes[tgid % kKnownProcesses];
  unwind_touch(&known->changes);
  __u64 changes = changes_by_now();
  if (UNWIND_SELDOM(known->tgid != tgid || known->cgroup != cgroup || known->changes != changes)) {
    look_up_process(tgid, cgroup, changes);
  }
  return known;
}

/* The registers with which the thread left user mode; 0 when there are none. */
static __always_inline struct weir_registers* saved_registers(struct scratch* s) {
  struct weir_registers* regs = (void*)s->saved;
  _Static_assert(sizeof *regs == sizeof s->saved, "all of them");
  if (!CURRENT_TASK(mm)) return 0;
  void* at;
  if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs)) {
    at = (void*)bpf_task_pt_regs(bpf_get_current_task_btf());
  } else {
    at = CURRENT_TASK(stack) + kThreadSize - sizeof *regs;
  }
  if (bpf_probe_read_kernel(regs, sizeof *regs, at)) return 0;
  s->saved_at = (__u64)at;
  return (regs->cs & 3) == 3 ? regs : 0;
}

__noinline int unwind_take_registers(void) {
  struct scratch* s = own_scratch();
  if (!s) return -1;
  struct weir_registers* saved = saved_registers(s);
  if (!saved) return -1;
  __u64* to = s->unwinding.registers;
  to[UNWIND_RAX] = saved->ax;
  to[UNWIND_RDX] = saved->dx;
  to[UNWIND_RCX] = saved->cx;
  to[UNWIND_RBX] = saved->bx;
  to[UNWIND_RSI] = saved->si;
  to[UNWIND_RDI] = saved->di;
  to[UNWIND_RBP] = saved->bp;
  to[UNWIND_RSP] = saved->sp;
  to[UNWIND_R8] = saved->r8;
  to[UNWIND_R8 + 1] = saved->r9;
  to[UNWIND_R8 + 2] = saved->r10;
  to[UNWIND_R8 + 3] = saved->r11;
  to[UNWIND_R8 + 4] = saved->r12;
  to[UNWIND_R8 + 5] = saved->r13;
  to[UNWIND_R8 + 6] = saved->r14;
  to[UNWIND_R8 + 7] = saved->r15;
  return 0;
}

static __always_inline void find_process(struct unwinding* u, __u32 tgid, __u64 tables) {
  u->process = tgid;
  u->mappings = UNWIND_PROCESS_MAPPINGS(tables);
  u->mapping_count = UNWIND_PROCESS_COUNT(tables);
  u->serial = UNWIND_PROCESS_SERIAL(tables);
  u->known = tables != 0;
}

/* Returns how many user frames there are. `saved`: of a thread in the kernel. */
static __always_inline __u32 user_stack(struct weir_perf_context* ctx, struct scratch* s, __u64 tables,
                                        const struct weir_registers* saved) {
  struct unwinding* u = &s->unwinding;
  __u64 cs;
  if (UNWIND_SELDOM(s->head.flags & CPU_SAMPLE_IN_KERNEL)) {
    if (!saved) {
      s->head.flags |= CPU_SAMPLE_NO_USER_REGISTERS;
      count(s, CPU_SAMPLE_NO_REGISTERS);
      return 0;
    }
    u->ip = saved->ip;
    u->sp = saved->sp;
    u->fp = saved->bp;
    cs = saved->cs;
  } else {
    u->ip = ctx->regs.ip;
    u->sp = ctx->regs.sp;
    u->fp = ctx->regs.bp;
    cs = *(volatile __u64*)&ctx->regs.cs;
  }
  if (UNWIND_SELDOM((cs & 0xffff) == kUserCode32)) {
    s->head.flags |= CPU_SAMPLE_32_BIT;
    s->frames[0] = u->ip;
    return 1;
  }
  find_process(u, s->head.tgid, tables);
  unwind_stack(s);
  if (has_unwind_tables && (!u->known || u->unknown_leaf)) s->head.flags |= CPU_SAMPLE_UNKNOWN_PROCESS;
  return u->frames;
}

/* Where the kernel's frames begin, behind its section's head. */
static __always_inline __u64* kernel_frames_of(struct scratch* s, __u64 user_frames) {
  /* Whoever calls knows that it fits; the verifiers of older kernels do not. */
  asm volatile("" : "+r"(user_frames));
  if (user_frames > CPU_SAMPLE_MAX_FRAMES) user_frames = CPU_SAMPLE_MAX_FRAMES;
  return &s->frames[user_frames + 1];
}

static __always_inline struct kernel_place kernel_place_of(const struct scratch* s, __u64 ip, __u64 sp) {
  const struct weir_registers* saved = (const void*)s->saved;
  return (struct kernel_place){
      .ip = ip,
      .sp = sp,
      .registers = s->saved_at,
      .turn = (__u32)(s->head.time >> kKernelStackTurnBits),
      .call = (__u16)saved->orig_ax,
  };
}

/* Writes the kernel's frames, when they are remembered; returns how many. */
__noinline int recall_kernel_frames(__u64 ip, __u64 sp, __u64 user_frames) {
  struct scratch* s = own_scratch();
  struct kernel_stacks* stacks = own_kernel_stacks();
  if (!s || !stacks) return 0;
  struct kernel_place place = kernel_place_of(s, ip, sp);
  struct kernel_stack_memory* memory = kernel_stack_find(stacks, &place);
  if (!memory) return 0;
  __u32 frames = memory->frames;
  __u32 size = frames * sizeof(__u64);
  asm volatile("" : "+r"(size));
  if (size > sizeof memory->addresses) return 0;
  bpf_probe_read_kernel(kernel_frames_of(s, user_frames), size, memory->addresses);
  count(s, CPU_SAMPLE_KERNEL_REMEMBERED);
  return (int)frames;
}

__noinline int remember_kernel_frames(__u64 ip, __u64 sp, __u64 user_frames, __u32 frames) {
  struct scratch* s = own_scratch();
  struct kernel_stacks* stacks = own_kernel_stacks();
  if (!s || !stacks) return 0;
  struct kernel_place place = kernel_place_of(s, ip, sp);
  kernel_stack_remember(stacks, &place, kernel_frames_of(s, user_frames), frames);
  return 0;
}

/* Of tests: what was remembered, beside what the kernel says now. */
static __always_inline void check_kernel_frames(struct weir_perf_context* ctx, struct scratch* s, __u32 user_frames,
                                                __u32 frames) {
  struct kernel_stacks* stacks = own_kernel_stacks();
  if (!stacks) return;
  __u64* remembered = kernel_frames_of(s, user_frames);
  int differs = bpf_get_stack(ctx, stacks->words, sizeof stacks->words, 0) != (long)(frames * sizeof(__u64));
  for (__u64 i = 0; i < kKernelStackFrames; ++i) differs |= i < frames && remembered[i] != stacks->words[i];
  if (differs) count(s, CPU_SAMPLE_KERNEL_WRONG);
}

/* Puts the kernel's section behind the user's; returns how many frames. */
static __always_inline __u32 kernel_stack(struct weir_perf_context* ctx, struct scratch* s, __u32 user_frames,
                                          int can_remember) {
  struct cpu_sample_section* section = (void*)&s->frames[user_frames];
  __u64 ip = ctx->regs.ip, sp = ctx->regs.sp;
  __u32 frames = can_remember ? (__u32)recall_kernel_frames(ip, sp, user_frames) : 0;
  if (frames > kKernelStackFrames) frames = 0; /* it never is, which the verifier cannot know */
  if (frames) {
    if (check_kernel_stacks) check_kernel_frames(ctx, s, user_frames, frames);
  } else {
    /* One frame more than the limit would say "truncated", but needs room: a full section says it too. */
    long size = bpf_get_stack(ctx, section + 1, sizeof s->kernel_frames, 0);
    if (size <= 0) return 0;
    frames = (__u32)size / sizeof(__u64);
    if (can_remember) remember_kernel_frames(ip, sp, user_frames, frames);
  }
  *section = (struct cpu_sample_section){
      .kind = CPU_SAMPLE_KERNEL,
      .mode = CPU_SAMPLE_BY_KERNEL,
      .flags = frames >= CPU_SAMPLE_MAX_KERNEL_FRAMES ? CPU_SAMPLE_TRUNCATED : CPU_SAMPLE_COMPLETE,
      .frame_size = sizeof(__u64),
      .frames = (__u16)frames,
  };
  return frames;
}

/* Puts the record into this CPU's buffer; 0 when there was room. */
static __always_inline long put(struct scratch* s, __u32 size) {
  __u32 cpu = s->head.cpu;
  struct cpu_sample_buffer* buffer = bpf_map_lookup_elem(&buffers, &cpu);
  if (UNWIND_SELDOM(!buffer)) return -1;
  __u64 written = buffer->written;
  if (*(volatile __u64*)&buffer->taken == written) buffer->begin = written;
  __u64 at = written - buffer->begin;
  if (UNWIND_SELDOM(at > sizeof buffer->data - kMostRecord)) return -1;
  if (UNWIND_SELDOM(bpf_probe_read_kernel(buffer->data + at, size, &s->head))) return -1;
  /* Whoever sees the count sees the record: x86 keeps the order of stores, so the compiler must, too. */
  asm volatile("" ::: "memory");
  *(volatile __u64*)&buffer->written = written + ((size + 7) & ~7u);
  return 0;
}

static __always_inline void send(struct scratch* s, __u32 user_frames, __u32 kernel_frames) {
  if (UNWIND_SELDOM(user_frames + kernel_frames == 0)) {
    count(s, s->head.flags & CPU_SAMPLE_IN_KERNEL ? CPU_SAMPLE_LOST_NO_STACK : CPU_SAMPLE_LOST_MODE_OFF);
    return;
  }
  s->user.kind = CPU_SAMPLE_USER;
  s->user.frame_size = sizeof(__u64);
  s->user.frames = (__u16)user_frames;
  s->head.sections = kernel_frames ? 2 : 1;
  __u32 size = sizeof s->head + sizeof s->user + user_frames * sizeof(__u64);
  if (kernel_frames) size += sizeof s->kernel + kernel_frames * sizeof(__u64);
  s->head.size = size;
  /* The compiler knows that size fits; the verifier does not. */
  asm volatile("" : "+r"(size));
  if (size > kMostRecord) size = kMostRecord;
  /* Somebody must make tables for it soon; all else can wait until it is taken anyway. */
  __u64 wakeup = BPF_RB_FORCE_WAKEUP;
  if (UNWIND_OFTEN(!(s->head.flags & CPU_SAMPLE_UNKNOWN_PROCESS))) {
    if (UNWIND_OFTEN(!put(s, size))) return;
    wakeup = BPF_RB_NO_WAKEUP;
  }
  if (bpf_ringbuf_output(&records, &s->head, size, wakeup)) count(s, CPU_SAMPLE_LOST_RING_FULL);
}

SEC("perf_event")
int cpu_sample(struct weir_perf_context* ctx) {
  struct scratch* s = own_scratch();
  if (!s) return 0;
  __u64 start = 0;
  if (UNWIND_SELDOM(s->counters[CPU_SAMPLE_RUNS] % kTimedRuns == 0)) start = bpf_ktime_get_ns();
  count(s, CPU_SAMPLE_RUNS);
  __u64 kernel_pid = current_pids();
  if (UNWIND_SELDOM((__u32)kernel_pid == 0)) {
    count(s, CPU_SAMPLE_IDLE);
    return 0;
  }
  int in_kernel = (*(volatile __u64*)&ctx->regs.cs & 3) == 0;
  if (UNWIND_SELDOM(in_kernel) && CURRENT_TASK(flags) & PF_KTHREAD) {
    count(s, CPU_SAMPLE_KERNEL_THREAD);
    return 0;
  }
  __u32 tgid = own_pid_namespace ? own_pid(CURRENT_TASK(group_leader)) : kernel_pid >> 32;
  if (UNWIND_SELDOM(!tgid)) {
    count(s, CPU_SAMPLE_UNSELECTED);
    return 0;
  }
  __u64 cgroup = config.select_cgroups ? cgroup_id() : 0;
  struct known_process* process = process_of(s, tgid, cgroup);
  __u64 chosen = process->chosen;
  count(s, chosen);
  if (chosen == CPU_SAMPLE_UNSELECTED) return 0;
  touch_sample(s, process);

  s->head.type = CPU_SAMPLE_STACK;
  s->head.version = CPU_SAMPLE_VERSION;
  s->head.flags = chosen == CPU_SAMPLE_ASKED ? CPU_SAMPLE_UNDECIDED : 0;
  if (in_kernel) s->head.flags |= CPU_SAMPLE_IN_KERNEL;
  s->head.time = tick_time(ctx);
  s->head.cgroup = cgroup;
  s->head.tgid = tgid;
  s->head.tid = own_pid_namespace ? own_pid((void*)bpf_get_current_task()) : (__u32)kernel_pid;
  s->head.cpu = bpf_get_smp_processor_id();
  s->head.comm[0] = 0;
  if (UNWIND_SELDOM(config.comm)) bpf_get_current_comm(s->head.comm, sizeof s->head.comm);
  s->user.mode = 0;
  s->user.flags = 0;
  s->user.stop = 0;

  __u32 user_frames = 0, kernel_frames = 0;
  struct weir_registers* saved = 0;
  if (UNWIND_SELDOM(in_kernel)) saved = saved_registers(s);
  if (config.collect_user) user_frames = user_stack(ctx, s, process->tables, saved);
  if (user_frames > CPU_SAMPLE_MAX_FRAMES) user_frames = CPU_SAMPLE_MAX_FRAMES;
  if (UNWIND_SELDOM(in_kernel) && config.collect_kernel) {
    int can_remember = saved && bpf_core_field_exists(struct unwind_state, full_regs);
    kernel_frames = kernel_stack(ctx, s, user_frames, can_remember);
  }
  send(s, user_frames, kernel_frames);
  if (UNWIND_SELDOM(start != 0)) s->counters[CPU_SAMPLE_BUSY_NS] += (bpf_ktime_get_ns() - start) * kTimedRuns;
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
