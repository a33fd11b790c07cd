// What call frame information says at one place in the code, of the registers
// that an unwind_rule speaks of: how the CFA is found, where rbp was saved, what
// became of the return address and the stack pointer.
#pragma once

#include <cstdint>

#include "bpf/unwind.h"
#include "profiler/unwind/cursor.h"

namespace weir::profiler {

// DWARF's numbers, System V psABI for AMD64, figure 3.36.
enum DwarfRegister : std::uint8_t {
  kRbp = 6,
  kRsp = 7,
  kRip = 16,
  kCfa = 254,  // ours: the CFA itself, in an expression
};

// A value that can be computed from one register.
struct CfiValue {
  enum class Kind : std::uint8_t {
    unknown,   // another expression
    constant,  // offset
    sum,       // register + offset
    word,      // the word at register + offset, plus addend
    plt,       // sp + 8, and 8 more from byte `offset` of a 16-byte stub on
  };
  Kind kind = Kind::unknown;
  std::uint8_t base = 0;
  std::int64_t offset = 0;
  std::int64_t addend = 0;

  bool operator==(const CfiValue&) const = default;
};

// Where the caller's rbp is.
struct SavedFp {
  enum class Kind : std::uint8_t {
    same,       // not changed
    at,         // in the word at `place`
    elsewhere,  // in another register, computed, or lost
  };
  Kind kind = Kind::same;
  CfiValue place;
};

struct CfiState {
  // The return address. x86-64's calls put it at CFA - 8; only that is followed.
  enum class Ra : std::uint8_t { elsewhere, below_cfa, undefined };
  // The caller's stack pointer: what a call leaves is the CFA.
  enum class Sp : std::uint8_t { cfa, elsewhere };

  CfiValue cfa;
  SavedFp fp;
  Ra ra = Ra::elsewhere;
  Sp sp = Sp::cfa;
};

enum class FrameKind : std::uint8_t { function, signal };

// INVALID for what a rule cannot say.
unwind_rule rule_of(const CfiState& state, FrameKind kind);

// The value an expression computes; `pushed` lies on its stack before.
CfiValue evaluate(Cursor expression, const CfiValue& pushed);
CfiValue evaluate(Cursor expression);

}  // namespace weir::profiler
