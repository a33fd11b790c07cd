/* Finds the callers of a user thread's leaf frame, by the tables of bpf/unwind.h
 * and by frame pointers where there are none. The program that includes this
 * gives what is declared static and not defined here. It also compiles as plain
 * C++, so that tests run the very same code over stored stacks.
 *
 * Everything lies in the per-CPU scratch, and functions that are not static take
 * and give numbers only: the verifier then looks at each of them once, whatever
 * calls it. It follows every branch, so the searches have none inside. */
#pragma once

#include "bpf/cpu_sample.h"
#include "bpf/unwind.h"

/* At the usual rates no cache has the code any more, so each line of it costs a walk to memory: what nearly every
 * sample does must lie together, and what few samples do, elsewhere. */
#define UNWIND_OFTEN(condition) __builtin_expect(!!(condition), 1)
#define UNWIND_SELDOM(condition) __builtin_expect(!!(condition), 0)

enum {
  kUnwindWordMask = UNWIND_SEGMENT_WORDS - 1,
  kUnwindRowSteps = 16,     /* a page has less than 1 << 16 rows */
  kUnwindMappingWords = 8,  /* of a struct unwind_mapping */
  kUnwindMappingSteps = 13, /* a segment has room for 1 << 13 of them */
  kUnwindRememberedBits = 10, /* of an index of remembered rules: return addresses come again and again */
  kUnwindPartBits = 8, /* … within the part for a process: what lies together costs less, and 4 KiB hold what most need */
  kUnwindSerialBits = 25,
  kKnownProcesses = 32,
  kUnwindPage = 4096,
  kUnwindRanges = 4, /* remembered of a process */
  kCounterWords = 16,
  kSavedWords = 21, /* of a struct weir_registers */
  kUnwindRememberedUserBits = 64 - kUnwindSerialBits + 8, /* of an address that can be remembered */
  kUnwindUserBits = 56,      /* of an address, with five levels of page tables */
  kUnwindNoFramePointer = 1, /* nobody's: they are aligned */
  /* Of the stack, read at once: entering user memory costs more than what is read (see bench/unwind.cpp). */
  kUnwindWindowWords = 64,
  kUnwindWindowBytes = 8 * kUnwindWindowWords,
  kUnwindSignalBytes = 8 * 17, /* of a sigcontext: r8 to r15, di, si, bp, bx, dx, ax, cx, sp, ip */
  kUnwindSignalOffset = 40,
  kUnwindPlainFrames = 8, /* at most, at once */
  kUnwindLastFrames = 16, /* of a stack, whose rules' places are kept */
};

/* What comes after a frame that was followed. */
enum unwind_next {
  kUnwindMore,
  kUnwindNotPlain,
  kUnwindEnded, /* none; u->stop says why */
};

/* DWARF's numbers of the registers. */
enum unwind_register {
  UNWIND_RAX,
  UNWIND_RDX,
  UNWIND_RCX,
  UNWIND_RBX,
  UNWIND_RSI,
  UNWIND_RDI,
  UNWIND_RBP,
  UNWIND_RSP,
  UNWIND_R8,
  UNWIND_REGISTERS = 16,
};

/* The rule at an address of a process. The key has the address without its low 8 bits, which tell it from others
 * by the place where it lies, and the process's serial number. */
struct unwind_memory {
  __u64 key;
  struct unwind_rule rule; /* the mapping's kind is in the high half of `fp` */
};

/* A remembered rule's `fp`, of code that has a table. */
#define UNWIND_PLAIN_FP(fp) (UNWIND_MAPPING_TABLE << 4 | (fp))

/* A walk: the frame at hand, and how far it has come. */
struct unwinding {
  __u64 ip, sp, fp;
  /* A part of the stack: words from address `window` on, so many bytes of them. */
  __u64 words[kUnwindWindowWords];
  __u64 window;
  __u64 window_bytes;
  struct unwind_rule rule;           /* that was looked up */
  __u64 registers[UNWIND_REGISTERS]; /* valid while `exact`, once `has_registers` */
  /* Of the process; the serial number is never 0. */
  __u32 mappings, mapping_count, serial;
  __u32 frames;
  __u32 process; /* in scratch.processes */
  __u16 stop;  /* enum cpu_sample_stop */
  __u16 doubt; /* the same, for when the frame at hand turns out to be nowhere: it was found by a mere frame
                  pointer */
  __u8 known;  /* the process is in the tables */
  __u8 exact;  /* ip is where the thread was interrupted, not a return address */
  __u8 unknown_leaf;
  __u8 has_registers;
};

/* Addresses that have one rule, in code that has a table. */
struct unwind_range {
  __u64 start, size;
  struct unwind_rule rule;
};

/* What was decided about a process, and where its tables are: looking that up in maps costs more than many frames. */
struct known_process {
  __u32 tgid; /* 0: none */
  __u16 chosen;
  __u16 next_range; /* to be replaced */
  __u64 cgroup;
  __u64 tables;  /* of unwind_processes */
  __u64 changes; /* how often there had been changes when it was looked up */
  /* In scratch.remembered, of the last stack's outermost frames: those of the next are mostly the same. Hints only. */
  __u16 last_places[kUnwindLastFrames];
  struct unwind_mapping mapping; /* the last one that was found: leaves are mostly in the same */
  /* Leaves are anywhere in a loop, which is mostly one row: what is remembered by address misses them. */
  struct unwind_range ranges[kUnwindRanges];
} __attribute__((aligned(256))); /* within a page */

/* Of a CPU. What is touched at every sample lies together: at the usual rates no cache has it any more, and none has where
 * its page is. What a sample touches of each of the three parts lies in one page. */
struct scratch {
  __u64 counters[kCounterWords]; /* of CPU_SAMPLE_COUNTERS */
  struct unwinding unwinding;
  /* The record, as it is sent. */
  struct cpu_sample head;
  struct cpu_sample_section user;
  __u64 frames[CPU_SAMPLE_MAX_FRAMES];
  /* The kernel's section begins right after the last user frame; this is the room it may need. */
  struct cpu_sample_section kernel;
  __u64 kernel_frames[CPU_SAMPLE_MAX_KERNEL_FRAMES];
  /* Room for the registers that are on the kernel's stack: there is not enough of it on the program's. */
  __u64 saved[kSavedWords];
  __u64 saved_at; /* where they were: once in memory it is a number to the verifier, no pointer */
  struct known_process processes[kKnownProcesses] __attribute__((aligned(kUnwindPage)));
  struct unwind_memory remembered[1 << kUnwindRememberedBits] __attribute__((aligned(kUnwindPage)));
};

/* Asks for memory that is needed soon. What a program waits for are lines that no cache has: those it asks for at once
 * come together, those it comes upon each take their own time. */
static __always_inline void unwind_touch(const volatile void* at) { (void)*(const volatile __u8*)at; }

/* Of this CPU. */
static __always_inline struct scratch* own_scratch(void);
/* The words of a segment; 0 when there is none of that number. */
static __always_inline __u32* unwind_segment(__u32 segment);
static __always_inline struct unwind_rule* unwind_rule_of(__u32 id);
/* Fills u->registers with those the thread left user mode with; 0 when they were found. Few rules ask for it. */
__noinline int unwind_take_registers(void);
/* 0 when all could be read. */
static __always_inline long unwind_read_user(void* to, __u32 size, __u64 from);

/* All ones when a < b, else 0; both below 1 << 63. The compiler must not see through it: it would make
 * a branch of it. */
static __always_inline __u64 unwind_mask_below(__u64 a, __u64 b) {
  __s64 difference = (__s64)(a - b);
  difference >>= 63;
  asm volatile("" : "+r"(difference));
  return (__u64)difference;
}

/* A row that was found: its rule, and the low 16 bits of the first address it holds for and (17 bits) of the one after
 * the last. In a page of less than 64 KiB both may lie outside. */
#define UNWIND_ROW(rule, start, limit) ((__u64)(rule) | (__u64)(start) << 16 | (__u64)(limit) << 32)
#define UNWIND_ROW_RULE(row) ((__u32)(row) & 0xffff)
#define UNWIND_ROW_START(row) ((__u32)(row) >> 16)
#define UNWIND_ROW_LIMIT(row) ((__u32)((row) >> 32))

/* The last row that begins at `low` or before; one of `carried` when there is none. */
__noinline __u64 unwind_search_rows(__u32 rows, __u32 count, __u32 low, __u32 carried) {
  __u32* words = unwind_segment(rows / UNWIND_SEGMENT_WORDS);
  if (!words || count == 0) return UNWIND_ROW(carried, 0, 1 << 16);
  __u32 end = rows + count;
  __u64 limit = ((__u64)low + 1) << 16;
  __u32 at = rows;
  for (int step = 0; step < kUnwindRowSteps && count > 1; ++step) {
    __u32 half = count >> 1;
    at += half & (__u32)unwind_mask_below(words[(at + half) & kUnwindWordMask], limit);
    count -= half;
  }
  __u32 row = words[at & kUnwindWordMask];
  if (row >= limit) return UNWIND_ROW(carried, 0, row >> 16);
  __u32 next = at + 1 < end ? words[(at + 1) & kUnwindWordMask] >> 16 : 1 << 16;
  return UNWIND_ROW(row & 0xffff, row >> 16, next);
}

/* The address of the last mapping that starts at `address` or before, else of the first one. */
__noinline __u32 unwind_search_mappings(__u32 mappings, __u32 count, __u64 address) {
  __u32* words = unwind_segment(mappings / UNWIND_SEGMENT_WORDS);
  if (!words) return 0;
  __u32 at = mappings;
  for (int step = 0; step < kUnwindMappingSteps && count > 1; ++step) {
    __u32 half = count >> 1;
    __u32 middle = (at + half * kUnwindMappingWords) & (kUnwindWordMask - kUnwindMappingWords + 1);
    struct unwind_mapping* mapping = (struct unwind_mapping*)(words + middle);
    /* Halves of them: the last mapping may be the page of vsyscalls, beyond 1 << 63. */
    at += half * kUnwindMappingWords & (__u32)unwind_mask_below(mapping->start >> 1, (address >> 1) + 1);
    count -= half;
  }
  return at;
}

static __always_inline struct known_process* unwind_known_process(struct scratch* s) {
  return &s->processes[s->unwinding.process % kKnownProcesses];
}

/* The kind of the mapping around an address, which is then the last; 0 when there is none. */
static __always_inline __u32 unwind_find_mapping(struct scratch* s, __u64 address) {
  struct unwinding* u = &s->unwinding;
  struct unwind_mapping* last = &unwind_known_process(s)->mapping;
  if (address >= last->start && address < last->limit) return last->kind;
  if (UNWIND_SELDOM(u->mapping_count == 0 || address >> kUnwindUserBits)) return 0;
  __u32 at = unwind_search_mappings(u->mappings, u->mapping_count, address);
  __u32* words = unwind_segment(at / UNWIND_SEGMENT_WORDS);
  if (UNWIND_SELDOM(!words)) return 0;
  at &= kUnwindWordMask - kUnwindMappingWords + 1;
  struct unwind_mapping* mapping = (struct unwind_mapping*)(words + at);
  if (UNWIND_SELDOM(address < mapping->start || address >= mapping->limit)) return 0;
  *last = *mapping;
  return last->kind;
}

/* The rule's number at an address of the last mapping; `range`: of addresses around it that have the same. */
static __always_inline __u32 unwind_find_rule(struct scratch* s, __u64 address, struct unwind_range* range) {
  struct unwind_mapping* mapping = &unwind_known_process(s)->mapping;
  __u64 offset = address - mapping->bias;
  __u64 number = offset >> (mapping->page_bits & 31);
  range->start = address;
  range->size = 1;
  if (UNWIND_SELDOM(number >= mapping->page_count)) return 0;
  __u32 at = mapping->pages + (__u32)number * 2;
  __u32* words = unwind_segment(at / UNWIND_SEGMENT_WORDS);
  if (UNWIND_SELDOM(!words)) return 0;
  struct unwind_page* page = (struct unwind_page*)(words + (at & (kUnwindWordMask - 1)));
  __u64 low = offset & 0xffff;
  __u64 row = unwind_search_rows(page->rows, page->count, (__u32)low, page->carried);
  __u64 start = UNWIND_ROW_START(row), limit = UNWIND_ROW_LIMIT(row);
  /* Rows that are not sorted: user space makes none. */
  if (UNWIND_SELDOM(start > low || limit <= low)) return UNWIND_ROW_RULE(row);
  /* A row ends with its page, and with its mapping. */
  __u64 page_size = 1ull << (mapping->page_bits & 31);
  __u64 page_start = low & ~(page_size - 1);
  if (start < page_start) start = page_start;
  if (limit > page_start + page_size) limit = page_start + page_size;
  __u64 before = low - start, after = limit - low;
  if (before > address - mapping->start) before = address - mapping->start;
  if (after > mapping->limit - address) after = mapping->limit - address;
  range->start = address - before;
  range->size = before + after;
  return UNWIND_ROW_RULE(row);
}

/* Takes ip as the next frame; returns 0, or why the walk ends. */
static __always_inline __u32 unwind_push(struct scratch* s, __u64 mark) {
  struct unwinding* u = &s->unwinding;
  /* Nobody called: what stands there, the names must tell. A thread that has just begun has no frame pointer yet. */
  if (UNWIND_SELDOM(u->ip == 0)) return CPU_SAMPLE_STOP_CHAIN_END;
  if (UNWIND_SELDOM(u->ip >> kUnwindUserBits)) return CPU_SAMPLE_STOP_NO_MAPPING;
  __u32 at = u->frames;
  if (UNWIND_SELDOM(at >= CPU_SAMPLE_MAX_FRAMES)) return CPU_SAMPLE_STOP_TRUNCATED;
  s->frames[at] = u->ip | mark;
  u->frames = at + 1;
  return 0;
}

__noinline int unwind_move_window(__u64 from, __u64 bytes) {
  struct scratch* s = own_scratch();
  if (!s) return -1;
  struct unwinding* u = &s->unwinding;
  u->window = from;
  u->window_bytes = kUnwindWindowBytes;
  if (UNWIND_OFTEN(!unwind_read_user(u->words, kUnwindWindowBytes, from))) return 0;
  /* The stack ends before, or its next page is not in memory. */
  u->window_bytes = 0;
  __u32 size = (__u32)bytes;
  /* The compiler knows that it fits; the verifiers of older kernels do not. */
  asm volatile("" : "+r"(size));
  if (size > kUnwindWindowBytes) size = kUnwindWindowBytes;
  if (unwind_read_user(u->words, size, from)) return -1;
  u->window_bytes = size;
  return 0;
}

/* Has the words from an address on in u->words, `bytes` of them at least; 0 when all could be read. */
static __always_inline int unwind_read(struct unwinding* u, __u64 from, __u64 bytes) {
  __u64 skipped = from - u->window;
  if (UNWIND_OFTEN(skipped <= kUnwindWindowBytes && skipped + bytes <= u->window_bytes && !(skipped & 7))) return 0;
  return unwind_move_window(from, bytes);
}

/* A word that unwind_read() has read. */
static __always_inline __u64 unwind_word(struct unwinding* u, __u64 address) {
  return u->words[(address - u->window) / 8 & (kUnwindWindowWords - 1)];
}

/* A step along saved frame pointers. `otherwise`: why the walk ends when that leads nowhere, 0 where frame
 * pointers are all there is. `lowest`: frames lie above; 0 where a stack is left for another. */
__noinline __u32 unwind_by_frame_pointer(__u32 otherwise, __u64 lowest) {
  struct scratch* s = own_scratch();
  if (!s) return CPU_SAMPLE_STOP_UNREADABLE;
  struct unwinding* u = &s->unwinding;
  __u64 fp = u->fp;
  if (fp == 0)
    return otherwise == CPU_SAMPLE_STOP_PENDING || otherwise == CPU_SAMPLE_STOP_NO_ROOM
               ? otherwise
               : CPU_SAMPLE_STOP_CHAIN_END;
  if (fp < lowest || fp & 7) return otherwise ? otherwise : CPU_SAMPLE_STOP_NOT_RISING;
  if (unwind_read(u, fp, 16)) return otherwise ? otherwise : CPU_SAMPLE_STOP_UNREADABLE;
  u->fp = unwind_word(u, fp);
  u->ip = unwind_word(u, fp + 8);
  u->sp = fp + 16;
  u->exact = 0;
  u->doubt = (__u16)otherwise;
  /* No end of a chain: it was none. */
  if (UNWIND_SELDOM(u->ip == 0 && u->fp != 0)) return CPU_SAMPLE_STOP_NO_MAPPING;
  return unwind_push(s, 0);
}

/* Where a signal handler returns to, the kernel left all registers of what it interrupted. */
static __always_inline __u32 unwind_signal_frame(struct scratch* s) {
  struct unwinding* u = &s->unwinding;
  __u64 at = u->sp + kUnwindSignalOffset;
  if (unwind_read(u, at, kUnwindSignalBytes)) return CPU_SAMPLE_STOP_UNREADABLE;
  for (int i = 0; i < 8; ++i) u->registers[UNWIND_R8 + i] = unwind_word(u, at + 8 * i);
  u->registers[UNWIND_RDI] = unwind_word(u, at + 64);
  u->registers[UNWIND_RSI] = unwind_word(u, at + 72);
  u->registers[UNWIND_RBP] = u->fp = unwind_word(u, at + 80);
  u->registers[UNWIND_RBX] = unwind_word(u, at + 88);
  u->registers[UNWIND_RDX] = unwind_word(u, at + 96);
  u->registers[UNWIND_RAX] = unwind_word(u, at + 104);
  u->registers[UNWIND_RCX] = unwind_word(u, at + 112);
  /* Handlers may have a stack of their own, above or below. */
  u->registers[UNWIND_RSP] = u->sp = unwind_word(u, at + 120);
  u->has_registers = 1;
  u->ip = unwind_word(u, at + 128);
  u->exact = 1;
  u->doubt = 0;
  return unwind_push(s, CPU_SAMPLE_EXACT);
}

/* Reads the return address and the caller's frame pointer: at once where they lie near each other. */
static __always_inline __u32 unwind_to_caller(struct scratch* s, __u64 cfa, __u32 kind, __s64 offset) {
  struct unwinding* u = &s->unwinding;
  if (UNWIND_SELDOM(cfa <= u->sp)) return CPU_SAMPLE_STOP_NOT_RISING;
  __u64 from = cfa + offset;
  __u64 bytes = -offset;
  int together = kind == UNWIND_FP_AT_CFA && bytes >= 16 && bytes <= kUnwindWindowBytes && !(bytes & 7);
  if (!together) bytes = 8;
  if (UNWIND_SELDOM(unwind_read(u, cfa - bytes, bytes))) return CPU_SAMPLE_STOP_UNREADABLE;
  u->ip = unwind_word(u, cfa - 8);
  if (UNWIND_SELDOM(kind == UNWIND_FP_UNKNOWN)) {
    u->fp = kUnwindNoFramePointer;
  } else if (kind != UNWIND_FP_SAME) {
    if (UNWIND_SELDOM(kind == UNWIND_FP_AT_FP)) from = u->fp + offset;
    if (UNWIND_SELDOM(!together) && unwind_read(u, from, 8)) return CPU_SAMPLE_STOP_UNREADABLE;
    u->fp = unwind_word(u, from);
  }
  u->sp = cfa;
  u->exact = 0;
  u->doubt = 0;
  return unwind_push(s, 0);
}

/* The return address was taken off the stack and is about to be jumped to: the caller's stack may end right here. */
static __always_inline __u32 unwind_to_register(struct scratch* s, __u64 to, __u64 cfa, __u32 kind) {
  struct unwinding* u = &s->unwinding;
  if (cfa < u->sp) return CPU_SAMPLE_STOP_NOT_RISING;
  if (kind != UNWIND_FP_SAME) u->fp = kUnwindNoFramePointer;
  u->ip = to;
  u->sp = cfa;
  u->exact = 0;
  u->doubt = 0;
  return unwind_push(s, 0);
}

static __always_inline __u64 unwind_memory_key(struct unwinding* u, __u64 address) {
  return address >> 8 << kUnwindSerialBits | u->serial;
}

static __always_inline struct unwind_memory* unwind_memory_at(struct scratch* s, __u64 place) {
  /* The compiler may know that it is below; the verifiers of older kernels do not. */
  asm volatile("" : "+r"(place));
  return &s->remembered[place & ((1 << kUnwindRememberedBits) - 1)];
}

/* Where the rule at an address is remembered, or would be. */
static __always_inline __u64 unwind_place_of(const struct unwinding* u, __u64 key, __u64 address) {
  _Static_assert(kUnwindPartBits >= 8, "the place tells what the key leaves out");
  __u64 place = key * 0x9e3779b97f4a7c15 >> (64 - kUnwindPartBits) ^ (address & 0xff);
  return place | (__u64)(u->serial * 0x9e3779b9u >> (32 + kUnwindPartBits - kUnwindRememberedBits)) << kUnwindPartBits;
}

/* Looks up the rule at an address into u->rule, and remembers it unless it is that of a range at hand. Returns the kind
 * of the mapping around it, 0 when there is none. */
__noinline __u32 unwind_search(__u64 address) {
  struct scratch* s = own_scratch();
  if (!s) return 0;
  struct unwinding* u = &s->unwinding;
  struct known_process* known = unwind_known_process(s);
  for (int i = 0; i < kUnwindRanges; ++i) {
    struct unwind_range* range = &known->ranges[i];
    if (address - range->start >= range->size) continue;
    u->rule = range->rule;
    return UNWIND_MAPPING_TABLE;
  }
  __u32 kind = unwind_find_mapping(s, address);
  if (UNWIND_SELDOM(kind == 0)) return 0;
  struct unwind_range found = {0};
  __u32 id = kind == UNWIND_MAPPING_TABLE ? unwind_find_rule(s, address, &found) : 0;
  struct unwind_rule* rule = unwind_rule_of(id);
  if (UNWIND_SELDOM(!rule)) return 0;
  u->rule = *rule;
  if (UNWIND_OFTEN(kind == UNWIND_MAPPING_TABLE)) {
    found.rule = *rule;
    known->ranges[known->next_range++ % kUnwindRanges] = found;
  }
  if (UNWIND_SELDOM(address >> kUnwindRememberedUserBits)) return kind;
  __u64 key = unwind_memory_key(u, address);
  struct unwind_memory* memory = unwind_memory_at(s, unwind_place_of(u, key, address));
  memory->key = key;
  memory->rule = *rule;
  memory->rule.fp |= kind << 4;
  return kind;
}

/* The kind of the mapping around an address, 0 when there is none, and the rule there. */
static __always_inline __u32 unwind_look_up(struct scratch* s, __u64 address, struct unwind_rule* rule) {
  __u64 key = unwind_memory_key(&s->unwinding, address);
  struct unwind_memory* memory = unwind_memory_at(s, unwind_place_of(&s->unwinding, key, address));
  __u32 kind;
  if (UNWIND_OFTEN(memory->key == key && !(address >> kUnwindRememberedUserBits))) {
    *rule = memory->rule;
    kind = rule->fp >> 4;
    rule->fp &= 0xf;
  } else {
    kind = unwind_search(address);
    *rule = s->unwinding.rule;
  }
  return kind;
}

static __always_inline __u32 unwind_by_rule(struct scratch* s, struct unwind_rule rule) {
  struct unwinding* u = &s->unwinding;
  __s64 offset = rule.cfa_offset;
  __u64 base;
  int follow = 0;
  if (UNWIND_OFTEN(rule.cfa == UNWIND_CFA_SP)) {
    base = u->sp;
  } else if (UNWIND_OFTEN(rule.cfa == UNWIND_CFA_FP)) {
    base = u->fp;
  } else {
    switch (rule.cfa) {
      case UNWIND_CFA_INVALID: return unwind_by_frame_pointer(CPU_SAMPLE_STOP_NO_ROW, u->sp);
      case UNWIND_CFA_END: return CPU_SAMPLE_STOP_END;
      case UNWIND_CFA_FP_CHAIN: return unwind_by_frame_pointer(0, 0);
      case UNWIND_CFA_SP_DEREF: base = u->sp, follow = 1; break;
      case UNWIND_CFA_FP_DEREF: base = u->fp, follow = 1; break;
      case UNWIND_CFA_PLT: base = u->sp, offset = (__s64)(u->ip & 15) >= offset ? 16 : 8; break;
      case UNWIND_CFA_SIGNAL: return unwind_signal_frame(s);
      default:
        if (!u->exact || rule.cfa < UNWIND_CFA_REGISTER ||
            rule.cfa >= UNWIND_CFA_RETURN_REGISTER + UNWIND_REGISTERS)
          return unwind_by_frame_pointer(CPU_SAMPLE_STOP_NO_ROW, u->sp);
        if (!u->has_registers && unwind_take_registers()) return CPU_SAMPLE_STOP_UNREADABLE;
        u->has_registers = 1;
        base = u->registers[rule.cfa & (UNWIND_REGISTERS - 1)];
        if (rule.cfa >= UNWIND_CFA_RETURN_REGISTER) return unwind_to_register(s, base, u->sp + offset, rule.fp);
        follow = rule.cfa >= UNWIND_CFA_REGISTER_DEREF;
        if (rule.cfa >= UNWIND_CFA_INDEXED_DEREF) base = u->sp + 8 * base;
    }
    if (follow) {
      base += offset >> 8;
      offset &= 0xff;
      if (unwind_read(u, base, 8)) return CPU_SAMPLE_STOP_UNREADABLE;
      base = unwind_word(u, base);
    }
  }
  return unwind_to_caller(s, base + offset, rule.fp, rule.fp_offset);
}

static __always_inline __u32 unwind_from_nowhere(struct scratch* s) {
  struct unwinding* u = &s->unwinding;
  /* Code that is newer than what user space has told us. */
  if (u->frames == 1) return unwind_by_frame_pointer(CPU_SAMPLE_STOP_NO_MAPPING, u->sp);
  if (!u->doubt) return CPU_SAMPLE_STOP_NO_MAPPING;
  --u->frames;
  return u->doubt;
}

/* Follows what nearly all frames are, as unwind_frame() would: rules that are remembered, a CFA by the stack or frame
 * pointer, the caller's frame pointer the same or saved below the return address. Little code in one place, and what it
 * works on in registers. Anything else it leaves as it found it. */
__noinline int unwind_plain_frames(void) {
  struct scratch* s = own_scratch();
  if (!s) return kUnwindNotPlain;
  struct unwinding* u = &s->unwinding;
  if (UNWIND_SELDOM(!u->known)) return kUnwindNotPlain;
  struct known_process* known = unwind_known_process(s);
  __u64 ip = u->ip, sp = u->sp, fp = u->fp;
  __u64 back = !u->exact;
  __u32 at = u->frames;
  int next = kUnwindMore;
  /* 64 bits: older verifiers forget what a smaller spilled number was, and then see no end. */
  for (__u64 i = 0; i < kUnwindPlainFrames; ++i) {
    next = kUnwindNotPlain;
    __u64 address = ip - back;
    if (UNWIND_SELDOM(address >> kUnwindRememberedUserBits)) break;
    __u64 key = unwind_memory_key(u, address);
    __u64 place = unwind_place_of(u, key, address);
    known->last_places[at % kUnwindLastFrames] = (__u16)place;
    struct unwind_memory* memory = unwind_memory_at(s, place);
    /* At once; its members are the bytes from the lowest on. */
    __u64 rule;
    if (UNWIND_OFTEN(memory->key == key)) {
      __builtin_memcpy(&rule, &memory->rule, sizeof rule);
    } else {
      __u64 kind = unwind_search(address);
      if (UNWIND_SELDOM(!kind)) break;
      __builtin_memcpy(&rule, &u->rule, sizeof rule);
      rule |= kind << 12;
    }
    __u32 by = (__u8)rule, fp_by = (__u8)(rule >> 8);
    __u64 base = sp;
    if (by != UNWIND_CFA_SP) {
      base = fp;
      if (UNWIND_SELDOM(by != UNWIND_CFA_FP)) {
        if (by == UNWIND_CFA_END && fp_by >> 4 == UNWIND_MAPPING_TABLE) {
          u->stop = CPU_SAMPLE_STOP_END;
          next = kUnwindEnded;
        }
        break;
      }
    }
    __u64 cfa = base + ((__s64)rule >> 32);
    if (UNWIND_SELDOM(cfa <= sp)) break;
    /* Of the words that are needed, up to the CFA. */
    __u64 bytes = 8;
    if (fp_by != UNWIND_PLAIN_FP(UNWIND_FP_SAME)) {
      if (UNWIND_SELDOM(fp_by != UNWIND_PLAIN_FP(UNWIND_FP_AT_CFA))) break;
      bytes = -(__s64)(__s16)(rule >> 16);
      if (UNWIND_SELDOM(bytes - 16 > kUnwindWindowBytes - 16 || bytes & 7)) break;
    }
    if (UNWIND_SELDOM(unwind_read(u, cfa - bytes, bytes))) break;
    __u64 caller = unwind_word(u, cfa - 8);
    /* The compiler would make two of it, one for the comparison and one for the place. */
    asm volatile("" : "+r"(at));
    if (UNWIND_SELDOM(caller == 0 || caller >> kUnwindUserBits || at >= CPU_SAMPLE_MAX_FRAMES)) break;
    s->frames[at] = caller;
    ++at;
    if (bytes != 8) fp = unwind_word(u, cfa - bytes);
    ip = caller;
    sp = cfa;
    back = 1;
    next = kUnwindMore;
  }
  if (UNWIND_OFTEN(at != u->frames)) {
    u->ip = ip;
    u->sp = sp;
    u->fp = fp;
    u->frames = at;
    u->exact = 0;
    u->doubt = 0;
  }
  return next;
}

/* From the frame at hand to its caller. */
__noinline int unwind_frame(void) {
  struct scratch* s = own_scratch();
  if (!s) return kUnwindEnded;
  struct unwinding* u = &s->unwinding;
  __u32 stop;
  if (UNWIND_SELDOM(!u->known)) {
    stop = unwind_by_frame_pointer(0, u->sp);
  } else {
    __u64 address = u->exact ? u->ip : u->ip - 1;
    struct unwind_rule rule;
    __u32 kind = unwind_look_up(s, address, &rule);
    /* Code that an interpreter's loop or a JIT compiler runs will be kinds of their own here. */
    if (UNWIND_OFTEN(kind == UNWIND_MAPPING_TABLE)) {
      stop = unwind_by_rule(s, rule);
    } else {
      if (u->frames == 1 && (kind == 0 || kind == UNWIND_MAPPING_PENDING)) u->unknown_leaf = 1;
      switch (kind) {
        case UNWIND_MAPPING_FRAME_POINTERS: stop = unwind_by_frame_pointer(0, u->sp); break;
        case UNWIND_MAPPING_PENDING: stop = unwind_by_frame_pointer(CPU_SAMPLE_STOP_PENDING, u->sp); break;
        case UNWIND_MAPPING_NO_ROOM: stop = unwind_by_frame_pointer(CPU_SAMPLE_STOP_NO_ROOM, u->sp); break;
        default: stop = unwind_from_nowhere(s); break;
      }
    }
  }
  u->stop = (__u16)stop;
  return stop ? kUnwindEnded : kUnwindMore;
}

static __always_inline void unwind_begin(struct scratch* s) {
  struct unwinding* u = &s->unwinding;
  u->ip &= ~CPU_SAMPLE_EXACT;
  s->frames[0] = u->ip;
  u->frames = 1;
  u->exact = 1;
  u->has_registers = 0;
  u->doubt = 0;
  u->stop = 0;
  u->unknown_leaf = 0;
  u->window_bytes = 0;
}

static __always_inline void unwind_end(struct scratch* s) {
  struct unwinding* u = &s->unwinding;
  s->user.stop = u->stop;
  s->user.mode = u->known ? CPU_SAMPLE_UNWIND_TABLES : CPU_SAMPLE_FRAME_POINTERS;
  s->user.flags = 0;
  if (u->stop == CPU_SAMPLE_STOP_TRUNCATED) s->user.flags = CPU_SAMPLE_TRUNCATED;
  if (u->stop == CPU_SAMPLE_STOP_END || u->stop == CPU_SAMPLE_STOP_CHAIN_END)
    s->user.flags = CPU_SAMPLE_COMPLETE;
}

/* Asks for what the walk will most likely need. Else it would come line by line: each rule tells where the next one is. */
static __always_inline void unwind_touch_last(struct scratch* s) {
  if (!s->unwinding.known) return;
  struct known_process* known = unwind_known_process(s);
  for (int i = 0; i < kUnwindLastFrames; ++i) unwind_touch(unwind_memory_at(s, known->last_places[i]));
}

/* Walks from the registers in s->unwinding, to whose process the mappings belong, and fills the user's
 * section. */
static __always_inline void unwind_stack(struct scratch* s) {
  unwind_begin(s);
  unwind_touch_last(s);
  for (int i = 0; i < CPU_SAMPLE_MAX_FRAMES; ++i) {
    int next = unwind_plain_frames();
    if (next == kUnwindNotPlain) next = unwind_frame();
    if (next == kUnwindEnded) break;
  }
  unwind_end(s);
}
