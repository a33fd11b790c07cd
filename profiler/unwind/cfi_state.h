// What call frame information says at one place in the code, of the registers
// that an unwind_rule speaks of: how the CFA is found, where rbp was saved, what
// became of the return address and the stack pointer.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

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

// A value that can be computed from one register, or from one and the stack pointer.
struct CfiValue {
  enum class Kind : std::uint8_t {
    unknown,       // another expression
    constant,      // offset
    sum,           // register + offset
    word,          // the word at register + offset, plus addend
    scaled,        // 8 * register
    indexed,       // sp + 8 * register + offset
    indexed_word,  // the word there, plus addend
    plt,           // sp + 8, and 8 more from byte `offset` of a 16-byte stub on
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
  // The return address. x86-64's calls put it at CFA - 8; code that returns in its own way takes it into a
  // register.
  enum class Ra : std::uint8_t { elsewhere, below_cfa, in_register, undefined };
  // The caller's stack pointer: what a call leaves is the CFA.
  enum class Sp : std::uint8_t { cfa, elsewhere };

  CfiValue cfa;
  SavedFp fp;
  Ra ra = Ra::elsewhere;
  std::uint8_t ra_register = 0;
  Sp sp = Sp::cfa;
};

enum class FrameKind : std::uint8_t { function, signal };

// INVALID for what a rule cannot say.
unwind_rule rule_of(const CfiState& state, FrameKind kind);

// A state of which a rule says all: the CFA is counted from rsp or rbp, the caller's rbp is unchanged or lies
// at a distance from the CFA. In nearly all code there is no other.
class PlainState {
 public:
  static std::optional<PlainState> of(const CfiState& state);
  CfiState whole() const;
  unwind_rule rule() const { return std::bit_cast<unwind_rule>(word_); }

  // False, and nothing is changed, when the state would not be plain any more.
  bool set_register(std::uint64_t reg) {
    if (reg != kRsp && reg != kRbp) return false;
    word_ = (word_ & ~kCfaKind) | (reg == kRsp ? UNWIND_CFA_SP : UNWIND_CFA_FP);
    return true;
  }
  bool set_offset(std::uint64_t offset) {
    if (offset > INT32_MAX) return false;
    word_ = (word_ & ~kCfaOffset) | offset << kCfaOffsetShift;
    return true;
  }
  bool save_fp(std::int64_t offset) {
    if (offset != static_cast<std::int16_t>(offset)) return false;
    constexpr std::uint64_t kAtCfa = std::uint64_t{UNWIND_FP_AT_CFA} << (8 * offsetof(unwind_rule, fp));
    std::uint64_t low = static_cast<std::uint16_t>(offset);
    word_ = (word_ & ~kFp) | kAtCfa | low << (8 * offsetof(unwind_rule, fp_offset));
    return true;
  }
  void restore_fp(PlainState from) { word_ = (word_ & ~kFp) | (from.word_ & kFp); }

 private:
  static constexpr std::uint64_t kCfaKind = 0xff;
  static constexpr std::uint64_t kFp = 0xffffff00;
  static constexpr std::uint64_t kCfaOffset = 0xffffffff00000000;
  static constexpr unsigned kCfaOffsetShift = 8 * offsetof(unwind_rule, cfa_offset);

  // The rule. One word: written in parts and read whole it would stall the processor, at each row.
  std::uint64_t word_ = 0;
};

// The value an expression computes; `pushed` lies on its stack before.
CfiValue evaluate(Cursor expression, const CfiValue& pushed);
CfiValue evaluate(Cursor expression);

}  // namespace weir::profiler
