/* The kernel/user contract of cpu_sample.bpf.c: the only header both sides
 * include. Plain C, fixed-width types, no padding. */
#pragma once

#include <linux/types.h>

enum {
  CPU_SAMPLE_VERSION = 3,
  CPU_SAMPLE_COMM_SIZE = 16, /* of the kernel's TASK_COMM_LEN */
  CPU_SAMPLE_MAX_FRAMES = 512, /* of the user's section; deeper stacks are marked truncated */
  CPU_SAMPLE_MAX_KERNEL_FRAMES = 127,
  CPU_SAMPLE_BUFFER_BYTES = 1 << 16, /* of a struct cpu_sample_buffer */
};

/* Set in a user address that is not a return address but the very place where
 * the thread was interrupted by a signal: it is named as it is, like the leaf. */
#define CPU_SAMPLE_EXACT (1ull << 63)

/* What a record is. */
enum cpu_sample_type {
  CPU_SAMPLE_STACK = 1, /* struct cpu_sample and its sections */
};

/* cpu_sample.flags */
enum cpu_sample_flags {
  CPU_SAMPLE_UNDECIDED = 1u << 0, /* its cgroup was not known: user space decides, for this sample and on */
  CPU_SAMPLE_IN_KERNEL = 1u << 1, /* the CPU was in kernel mode */
  CPU_SAMPLE_NO_USER_REGISTERS = 1u << 2,
  CPU_SAMPLE_32_BIT = 1u << 3, /* a 32-bit process: only its leaf frame is there */
  CPU_SAMPLE_UNKNOWN_PROCESS = 1u << 4, /* its mappings are not in the unwind tables yet, or not all */
};

struct cpu_sample {
  __u32 size; /* of the record with all sections, bytes */
  __u8 type;
  __u8 version;
  __u16 flags;
  __u64 time;   /* CLOCK_MONOTONIC, ns: when the tick was due or, on older kernels, when it was taken */
  __u64 cgroup; /* id: the inode of its directory, in the hierarchy of cpu_sample_hierarchy */
  __u32 tgid;   /* in the pid namespace of the program's owner */
  __u32 tid;
  __u32 cpu;
  __u16 sections; /* how many follow */
  __u16 reserved;
  char comm[CPU_SAMPLE_COMM_SIZE]; /* of the thread, ends with a zero; empty unless asked for */
};

/* A section's frames; a stack is made of several. */
enum cpu_sample_section_kind {
  CPU_SAMPLE_USER = 1,   /* __u64 addresses, leaf first */
  CPU_SAMPLE_KERNEL = 2, /* __u64 addresses, leaf first */
};

enum cpu_sample_unwind_mode {
  CPU_SAMPLE_FRAME_POINTERS = 1,
  CPU_SAMPLE_BY_KERNEL = 2,
  CPU_SAMPLE_UNWIND_TABLES = 3, /* and frame pointers where there is no table */
};

/* Where a user stack ended. */
enum cpu_sample_stop {
  CPU_SAMPLE_STOP_END = 1,       /* the thread's first frame, by its table */
  CPU_SAMPLE_STOP_CHAIN_END,     /* a frame pointer of 0 */
  CPU_SAMPLE_STOP_TRUNCATED,     /* CPU_SAMPLE_MAX_FRAMES */
  CPU_SAMPLE_STOP_NO_MAPPING,    /* an address outside all mappings */
  CPU_SAMPLE_STOP_PENDING,       /* code whose table is being made */
  CPU_SAMPLE_STOP_NO_ROOM,       /* code whose table did not fit into the memory limit */
  CPU_SAMPLE_STOP_NO_ROW,        /* no rule, and no frame pointer that leads on */
  CPU_SAMPLE_STOP_UNREADABLE,    /* stack memory that could not be read */
  CPU_SAMPLE_STOP_NOT_RISING,    /* a frame below its callee's: not a stack */
};

/* cpu_sample_section.flags */
enum cpu_sample_section_flags {
  CPU_SAMPLE_TRUNCATED = 1u << 0, /* deeper than CPU_SAMPLE_MAX_FRAMES */
  CPU_SAMPLE_COMPLETE = 1u << 1,  /* the chain ended where the thread began */
};

struct cpu_sample_section {
  __u8 kind;
  __u8 mode;
  __u8 flags;
  __u8 frame_size; /* bytes */
  __u16 frames;
  __u16 stop; /* enum cpu_sample_stop, of the user's section */
};

/* Where the program puts the records of a CPU: one behind the other, each aligned to 8 bytes. It begins anew at the
 * start once user space has taken all, so that a few lines of memory serve again and again; what finds no room, and
 * what should not wait, goes through the ring buffer `records`. */
struct cpu_sample_buffer {
  __u64 written; /* bytes, ever; by the program */
  __u64 begin;   /* `written` when it last began at the start; by the program, only while all is taken */
  __u64 taken;   /* bytes, ever; by user space */
  __u64 reserved;
  __u8 data[CPU_SAMPLE_BUFFER_BYTES - 32];
};

/* Counters of a CPU, a word each at the start of its value in the map `scratches`. */
enum cpu_sample_counter {
  CPU_SAMPLE_RUNS,          /* every call of the program */
  CPU_SAMPLE_IDLE,          /* of these: the CPU was idle */
  CPU_SAMPLE_KERNEL_THREAD, /* … in a thread of the kernel's own */
  CPU_SAMPLE_UNSELECTED,    /* … in a process nobody chose */
  CPU_SAMPLE_SELECTED,      /* … in a chosen process */
  CPU_SAMPLE_ASKED,         /* … with a cgroup not known yet */
  CPU_SAMPLE_LOST_RING_FULL,
  CPU_SAMPLE_LOST_MODE_OFF, /* in user code while only kernel stacks are wanted */
  CPU_SAMPLE_LOST_NO_STACK, /* nothing could be read */
  CPU_SAMPLE_NO_REGISTERS,  /* not lost: stacks without their user part */
  CPU_SAMPLE_BUSY_NS,       /* time spent on chosen samples, by some that were timed */
  CPU_SAMPLE_KERNEL_REMEMBERED, /* kernel stacks the kernel was not asked for */
  CPU_SAMPLE_KERNEL_WRONG,      /* … and of these, while check_kernel_stacks, those it would have told otherwise */
  CPU_SAMPLE_COUNTERS,
};

/* Values of the map `cgroups`. */
enum cpu_sample_choice {
  CPU_SAMPLE_CHOICE_NO = 1,
  CPU_SAMPLE_CHOICE_YES = 2,
};

/* Where cgroup ids come from: the unified hierarchy, or one of version 1. */
enum cpu_sample_hierarchy {
  CPU_SAMPLE_UNIFIED,
  CPU_SAMPLE_MEMORY,
  CPU_SAMPLE_CPU,
  CPU_SAMPLE_CPUACCT,
  CPU_SAMPLE_PIDS,
  CPU_SAMPLE_FREEZER,
  CPU_SAMPLE_CPUSET,
};

/* Changed by user space while the program runs. */
struct cpu_sample_config {
  __u32 collect_user;
  __u32 collect_kernel;
  __u32 select_cgroups; /* 0: only pids are chosen, cgroups are not looked at */
  __u32 default_yes;    /* every process is chosen */
  __u32 comm;           /* records carry the thread's name */
  __u32 changes;        /* counts changes of what is chosen: what programs remember of it is no longer valid */
};
