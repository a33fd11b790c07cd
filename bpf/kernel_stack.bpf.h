/* Remembers stacks of the kernel's own code. Its unwinder searches tables that no cache holds any more, so that one
 * such stack costs more than several of a process; and most are some few, of the same system calls over and over.
 *
 * A stack is remembered with the places of its return addresses, and recalled where they lie there again. That makes it
 * the stack the kernel would find: frames of its code have a fixed size at each address, so the leaf's address tells
 * where its return address is, that one where the next is, and so on, up to the entry code, whose call lies right below
 * the registers of user mode. System calls leave a random gap in the last frame but one, do_syscall_64()'s: their
 * outermost return address is looked for at the top, as far as a gap can have moved it. Exceptions and interrupts, which
 * can come within each other, leave none: theirs must be as far from the stack pointer as it was. What lies on another
 * stack (of interrupts) does not reach the top, and what a tracer returns through has an address of its own there:
 * neither is recalled.
 *
 * This is so with the kernel's ORC unwinder, which misses no frame; with others nothing is remembered. Code can be
 * replaced (modules, BPF programs): nothing is recalled for longer than a turn of the clock. Like unwind.bpf.h this
 * compiles as plain C++ too; the program that includes it gives what is declared static and not defined here. */
#pragma once

#include <linux/types.h>

enum {
  kKernelStackBits = 7,
  kKernelStackFrames = 16,   /* of a stack that is remembered; few are deeper */
  kKernelStackWords = 256,   /* … and of the memory that it takes up to the registers of user mode */
  kKernelStackTurnBits = 38, /* 275 s, of a time in ns */
  kKernelMostGap = 128,      /* of a system call, in words */
  kKernelNoCall = 0xffff,    /* orig_ax of exceptions and interrupts */
};

struct kernel_stack_memory {
  __u64 ip; /* of the leaf */
  __u32 turn;
  __u16 call;   /* by which system call the thread entered the kernel, or kKernelNoCall */
  __u16 frames; /* 0: none is remembered here */
  __u64 addresses[kKernelStackFrames];
  __u16 places[kKernelStackFrames]; /* of return addresses, in words from the stack pointer on; the leaf has none */
};

/* Of a CPU. */
struct kernel_stacks {
  struct kernel_stack_memory memories[1 << kKernelStackBits];
  /* The stack that is being remembered, and its words up to the outermost return address. */
  struct kernel_stack_memory candidate;
  __u64 words[kKernelStackWords];
  __u32 word_count;
  __u32 at; /* of candidate.addresses, the one that is looked for */
};

/* Where in the kernel a thread is. */
struct kernel_place {
  __u64 ip, sp;
  __u64 registers; /* where those of user mode are */
  __u32 turn;
  __u16 call;
};

/* Of this CPU. */
static __always_inline struct kernel_stacks* own_kernel_stacks(void);
/* 0 when all could be read. */
static __always_inline long kernel_stack_read(void* to, __u32 size, __u64 from);

static __always_inline struct kernel_stack_memory* kernel_stack_memory_at(struct kernel_stacks* stacks, __u64 which) {
  /* The compiler may know that it is below; the verifiers of older kernels do not. */
  asm volatile("" : "+r"(which));
  return &stacks->memories[which & ((1 << kKernelStackBits) - 1)];
}

/* One of the two memories a stack can be in; the other's number is this ^ 1. */
static __always_inline __u64 kernel_stack_first(const struct kernel_place* place) {
  return (place->ip + place->call) * 0x9e3779b97f4a7c15 >> (64 - kKernelStackBits);
}

/* Whether the stack at this place is the one in memory. */
static __always_inline int kernel_stack_is(const struct kernel_stack_memory* memory,
                                           const struct kernel_place* place) {
  if (memory->ip != place->ip || memory->call != place->call || memory->turn != place->turn) return 0;
  __u64 frames = memory->frames;
  if (frames < 2 || frames > kKernelStackFrames) return 0;
  __u64 outermost = (frames - 1) & (kKernelStackFrames - 1);
  __u64 word = 0;
  __u64 top = place->registers - sizeof word;
  __s64 farther = (__s64)(top - place->sp - memory->places[outermost] * sizeof word);
  __s64 most = place->call == kKernelNoCall ? 0 : kKernelMostGap * sizeof word;
  if (farther > most || farther < -most) return 0;
  if (kernel_stack_read(&word, sizeof word, top) || word != memory->addresses[outermost]) return 0;
  for (__u64 i = 1; i < kKernelStackFrames - 1; ++i) {
    if (i >= outermost) break;
    __u64 from = place->sp + memory->places[i] * sizeof word;
    if (from >= top) return 0;
    if (kernel_stack_read(&word, sizeof word, from) || word != memory->addresses[i]) return 0;
  }
  return 1;
}

/* The memory that has the stack at this place; 0 when none has. */
static __always_inline struct kernel_stack_memory* kernel_stack_find(struct kernel_stacks* stacks,
                                                                     const struct kernel_place* place) {
  __u64 which = kernel_stack_first(place);
  struct kernel_stack_memory* memory = kernel_stack_memory_at(stacks, which);
  if (kernel_stack_is(memory, place)) return memory;
  memory = kernel_stack_memory_at(stacks, which ^ 1);
  return kernel_stack_is(memory, place) ? memory : 0;
}

/* Looks for the lowest place of each return address but the outermost, in turn. All that rounds leave for the next, and
 * what they compare, is in memory, not in registers: the verifier takes it for any number then, and looks at each round
 * once. */
__noinline int kernel_stack_find_lowest(void) {
  struct kernel_stacks* stacks = own_kernel_stacks();
  if (!stacks) return 0;
  struct kernel_stack_memory* candidate = &stacks->candidate;
  volatile struct kernel_stacks* now = stacks;
  now->at = 1;
  for (__u64 word = 0; word < kKernelStackWords; ++word) {
    if (word >= now->word_count) break;
    __u32 i = now->at & (kKernelStackFrames - 1);
    if (i + 1 >= now->candidate.frames || stacks->words[word] != candidate->addresses[i]) continue;
    candidate->places[i] = (__u16)word;
    now->at = i + 1;
  }
  return now->at + 1 == now->candidate.frames;
}

/* Whether these are the highest, too: then there are no others. */
__noinline int kernel_stack_are_highest(void) {
  struct kernel_stacks* stacks = own_kernel_stacks();
  if (!stacks) return 0;
  struct kernel_stack_memory* candidate = &stacks->candidate;
  volatile struct kernel_stacks* now = stacks;
  now->at = now->candidate.frames - 2;
  for (__u64 below = 1; below <= kKernelStackWords; ++below) {
    __u64 word = now->word_count - below;
    if (word >= kKernelStackWords) break;
    __u32 i = now->at & (kKernelStackFrames - 1);
    if (i == 0 || stacks->words[word] != candidate->addresses[i]) continue;
    if (candidate->places[i] != word) return 0;
    now->at = i - 1;
  }
  return now->at == 0;
}

/* Takes a stack the kernel has found into memory. Where an address lies at more than one place that it could have, it
 * is left for another time: words of earlier calls remain in gaps. */
static __always_inline void kernel_stack_remember(struct kernel_stacks* stacks, const struct kernel_place* place,
                                                  const __u64* addresses, __u32 frames) {
  __u64 size = place->registers - place->sp;
  if (frames < 2 || frames > kKernelStackFrames) return;
  if (size < sizeof(__u64) || size > sizeof stacks->words || size & 7) return;
  asm volatile("" : "+r"(size));
  if (size > sizeof stacks->words || kernel_stack_read(stacks->words, (__u32)size, place->sp)) return;
  __u64 outermost = (frames - 1) & (kKernelStackFrames - 1);
  __u64 top = (size / sizeof(__u64) - 1) & (kKernelStackWords - 1);
  if (stacks->words[top] != addresses[outermost]) return;
  struct kernel_stack_memory* candidate = &stacks->candidate;
  candidate->ip = place->ip;
  candidate->turn = place->turn;
  candidate->call = place->call;
  candidate->frames = (__u16)frames;
  for (__u64 i = 0; i < kKernelStackFrames; ++i) candidate->addresses[i] = addresses[i];
  candidate->places[outermost] = (__u16)top;
  stacks->word_count = (__u32)top;
  if (!kernel_stack_find_lowest() || !kernel_stack_are_highest()) return;
  __u64 which = kernel_stack_first(place);
  struct kernel_stack_memory* memory = kernel_stack_memory_at(stacks, which);
  if (memory->frames && memory->turn == place->turn) memory = kernel_stack_memory_at(stacks, which ^ 1);
  *memory = *candidate;
}
