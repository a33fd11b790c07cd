/* The contract of the unwind tables: user space (profiler/unwind/) writes them,
 * bpf/unwind.bpf.h follows them. Plain C, fixed-width types, no padding.
 *
 * What has no size known in advance lies in segments: arrays of one value of
 * 256 KiB each, listed in the map `unwind_segments`. An address in them is
 * segment << 16 | word, where a word has 4 bytes; no object crosses a segment's
 * end. Address 0 is none. User space fills an object before anything points at
 * it, and lets a freed one rest until no running program can be reading it. */
#pragma once

#include <linux/types.h>

enum {
  UNWIND_SEGMENT_WORDS = 1 << 16,
  UNWIND_SEGMENTS = 4096,
  UNWIND_RULES = 16384, /* distinct rules of all files together; 0 is UNWIND_CFA_INVALID */
  UNWIND_MOST_PAGE_BITS = 16,
  UNWIND_PROCESSES = 8192,
};

/* How to find the caller's frame. Offsets are in bytes. CFA: the value of the
 * stack pointer in the caller, right after the return; the return address lies
 * at CFA - 8 unless said otherwise. The kinds that end in DEREF split
 * cfa_offset: the word at base + (cfa_offset >> 8), plus the low 8 bits
 * (OpenSSL's assembly keeps the caller's stack pointer, without the return
 * address, in a word of its frame, in bn_mul_mont() behind an array). */
enum unwind_cfa {
  UNWIND_CFA_INVALID,  /* no row covers the address, or its rule is none we can follow */
  UNWIND_CFA_END,      /* the thread began here: the return address is undefined */
  UNWIND_CFA_SP,       /* stack pointer + cfa_offset */
  UNWIND_CFA_FP,       /* frame pointer + cfa_offset */
  UNWIND_CFA_FP_CHAIN, /* code that keeps frame pointers: CFA = fp + 16, caller's fp at CFA - 16 */
  UNWIND_CFA_SP_DEREF, /* a word near the stack pointer, as above */
  UNWIND_CFA_FP_DEREF, /* a word near the frame pointer: a realigned stack */
  UNWIND_CFA_PLT,      /* a stub of the procedure linkage table: sp + 8 + ((ip & 15) >= cfa_offset ? 8 : 0) */
  UNWIND_CFA_SIGNAL,   /* the kernel's signal frame: all registers lie in a sigcontext at sp + 40 */
  UNWIND_CFA_REGISTER = 16,       /* + DWARF number of a register: its value + cfa_offset; leaf frames only */
  UNWIND_CFA_REGISTER_DEREF = 32, /* … a word near it */
  UNWIND_CFA_INDEXED_DEREF = 48,  /* … a word near sp + 8 * its value */
  /* sp + cfa_offset; the return address is in this register, the frame pointer is the caller's or lost (the jump
   * with which _Unwind_Resume() enters a handler). Leaf frames only, too. */
  UNWIND_CFA_RETURN_REGISTER = 64,
};

/* Where the caller's frame pointer (rbp) is. */
enum unwind_fp {
  UNWIND_FP_SAME,
  UNWIND_FP_AT_CFA, /* the word at CFA + fp_offset */
  UNWIND_FP_AT_FP,  /* the word at frame pointer + fp_offset */
  UNWIND_FP_UNKNOWN,
};

struct unwind_rule {
  __u8 cfa;
  __u8 fp;
  __s16 fp_offset;
  __s32 cfa_offset;
};

/* A row is one word: low 16 bits of the address from which it holds, << 16 | rule. */

/* Two words for each page of a file's virtual addresses, from the first with code on: a page has as many bytes
 * as make its rows few, since each step of a search among them may be a line that no cache holds. The carried
 * rule holds from the page's start to its first row. */
struct unwind_page {
  __u32 rows; /* address of the first; 0 when there are none */
  __u16 count;
  __u16 carried;
};

enum unwind_mapping_kind {
  UNWIND_MAPPING_PENDING = 1,    /* its table is being made: follow frame pointers meanwhile */
  UNWIND_MAPPING_TABLE,          /* by its pages; where no row holds, by frame pointers */
  UNWIND_MAPPING_FRAME_POINTERS, /* has no table: code made at run time, files without .eh_frame */
  UNWIND_MAPPING_NO_ROOM,        /* its table did not fit into the memory limit */
};

/* An executable range of a process. */
struct unwind_mapping {
  __u64 start, limit;
  __u64 bias;  /* address - bias: distance from the first page's start */
  __u32 pages; /* address of the table's first struct unwind_page */
  __u16 page_count;
  __u8 kind;
  __u8 page_bits; /* of an address inside a page; UNWIND_MOST_PAGE_BITS at most */
};

/* A process: its mappings, sorted by start and not overlapping. */
struct unwind_process {
  __u32 mappings; /* address of the first */
  __u32 count;
};

/* The map `unwind_changes` has one word, which counts changes of `unwind_processes`. User space counts after it has
 * changed something: what a program looked up before is no longer valid then. What it remembers of a process stays
 * valid while that process's own word is the same: user space changes it before it frees anything the word leads to. */

/* Value of the map `unwind_processes`; the key is the tgid in the pid namespace of the program's owner. One
 * word, so that nobody sees half of it: mappings / 8, then the count, then a serial number, which tells this
 * state of this process from all others of late: what is remembered of it is kept under that. */
#define UNWIND_PROCESS_WORD(mappings, count, serial) \
  ((__u64)(mappings) >> 3 | (__u64)(count) << 25 | (__u64)(serial) << 39)
#define UNWIND_PROCESS_MAPPINGS(word) ((__u32)((word) << 3) & ((1u << 28) - 1))
#define UNWIND_PROCESS_COUNT(word) ((__u32)((word) >> 25) & ((1u << 14) - 1))
#define UNWIND_PROCESS_SERIAL(word) ((__u32)((word) >> 39))
