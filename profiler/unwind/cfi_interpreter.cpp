#include "profiler/unwind/cfi_interpreter.h"

#include <algorithm>
#include <bit>
#include <cstddef>

namespace weir::profiler {
namespace {

using Kind = CfiValue::Kind;

// Instructions are for each function of a CIE; real ones have less than 32 bytes.
constexpr std::size_t kMaxInitialInstructions = 256;
constexpr std::int64_t kReturnAddress = -8;
constexpr CfiState kNothing;

// DWARF 5, 7.24, and the extensions of GNU and MIPS. The three most used have their operand in the low 6
// bits.
enum Opcode : std::uint8_t {
  kNop = 0x00,
  kSetLoc = 0x01,
  kAdvanceLoc1 = 0x02,
  kAdvanceLoc2 = 0x03,
  kAdvanceLoc4 = 0x04,
  kOffsetExtended = 0x05,
  kRestoreExtended = 0x06,
  kUndefined = 0x07,
  kSameValue = 0x08,
  kRegister = 0x09,
  kRememberState = 0x0a,
  kRestoreState = 0x0b,
  kDefCfa = 0x0c,
  kDefCfaRegister = 0x0d,
  kDefCfaOffset = 0x0e,
  kDefCfaExpression = 0x0f,
  kExpression = 0x10,
  kOffsetExtendedSf = 0x11,
  kDefCfaSf = 0x12,
  kDefCfaOffsetSf = 0x13,
  kValOffset = 0x14,
  kValOffsetSf = 0x15,
  kValExpression = 0x16,
  kAdvanceLoc8 = 0x1d,
  kGnuWindowSave = 0x2d,
  kGnuArgsSize = 0x2e,
  kGnuNegativeOffsetExtended = 0x2f,
  kAdvanceLoc = 0x40,
  kOffset = 0x80,
  kRestore = 0xc0,
};

constexpr std::uint8_t kLow = 0x3f;

std::int64_t as_signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

std::uint64_t as_unsigned(std::int64_t value) {
  return static_cast<std::uint64_t>(value);
}

std::uint8_t base_register(std::uint64_t reg) {
  constexpr std::uint8_t kOther = 255;
  return reg <= kRip ? static_cast<std::uint8_t>(reg) : kOther;
}

}  // namespace

CfiState CfiInterpreter::initial(const Cie& cie) {
  if (cie.instructions.size() > kMaxInitialInstructions) return kNothing;
  cie_ = &cie;
  initial_ = &kNothing;
  state_ = kNothing;
  depth_ = 0;
  at_ = limit_ = start_ = 0;  // a row has no place
  return execute(Cursor(cie.instructions)) == Step::broken ? kNothing : state_;
}

bool CfiInterpreter::run(const Cie& cie, const Fde& fde, std::uint64_t limit, UnwindTableBuilder& table) {
  table_ = &table;
  cie_ = &cie;
  initial_ = &cie.initial;
  state_ = cie.initial;
  depth_ = 0;
  at_ = start_ = fde.start;
  limit_ = limit;
  change_ = Change::any;
  Step end = execute(fde.instructions);
  if (end == Step::full) return false;
  if (end == Step::broken) {
    state_ = kNothing;
    change_ = Change::any;
  }
  return at_ >= limit_ || emit();
}

inline CfiInterpreter::Step CfiInterpreter::move_to(std::uint64_t place) {
  if (change_ != Change::none && place > at_ && !emit()) return Step::full;
  at_ = place;
  return Step::more;
}

inline CfiInterpreter::Step CfiInterpreter::advance(std::uint64_t count) {
  std::uint64_t distance = 0;
  if (__builtin_mul_overflow(count, cie_->code_alignment, &distance)) return Step::broken;
  if (distance < limit_ - at_) return move_to(at_ + distance);
  if (change_ != Change::none && at_ < limit_ && !emit()) return Step::full;
  at_ = limit_;
  return Step::done;
}

inline std::uint64_t CfiInterpreter::scaled(std::uint64_t factored) const {
  return factored * as_unsigned(cie_->data_alignment);
}

inline void CfiInterpreter::save_at_offset(std::uint64_t reg, How how, std::uint64_t factored) {
  if (reg != kRbp && reg != kRsp && reg != cie_->return_address) return;
  save(reg, how, {Kind::sum, kCfa, as_signed(scaled(factored)), 0});
}

// Nine of ten instructions have one byte, or two; they are done here, the others by step().
CfiInterpreter::Step CfiInterpreter::execute(Cursor code) {
  const std::uint8_t* at = code.at();
  const std::uint8_t* const end = at + code.left();
  while (at != end) {
    constexpr std::uint8_t kLonger = 0x80;  // an operand that goes on, or is not there
    std::uint8_t op = at[0];
    std::uint8_t operand = end - at > 1 ? at[1] : kLonger;
    Step result = Step::more;
    if ((op & ~kLow) == kAdvanceLoc) {
      result = advance(op & kLow);
      at += 1;
    } else if ((op & ~kLow) == kOffset && operand < kLonger) {
      save_at_offset(op & kLow, How::at, operand);
      at += 2;
    } else if (op == kDefCfaOffset && operand < kLonger && state_.cfa.kind == Kind::sum) {
      state_.cfa.offset = operand;
      change_ = std::max(change_, Change::offset_of_cfa);
      at += 2;
    } else {
      Cursor rest({at, end});
      result = step(rest);
      if (!rest.ok()) return Step::broken;
      at = rest.at();
    }
    if (result != Step::more) return result;
  }
  return Step::more;
}

// Whether cfa_offset is all of the rule that depends on the offset of the CFA.
CfiInterpreter::OffsetChange CfiInterpreter::offset_change(const unwind_rule& rule) const {
  bool counted_from_register = rule.cfa == UNWIND_CFA_SP || rule.cfa == UNWIND_CFA_FP;
  bool apart = state_.fp.kind != SavedFp::Kind::at || state_.fp.place.base == kCfa;
  return counted_from_register && apart ? OffsetChange::simple : OffsetChange::other;
}

bool CfiInterpreter::emit() {
  if (change_ == Change::offset_of_cfa && offset_change_ == OffsetChange::simple) {
    constexpr unsigned kShift = 8 * offsetof(unwind_rule, cfa_offset);
    auto offset = static_cast<std::uint32_t>(state_.cfa.offset);
    rule_ = (rule_ & UINT32_MAX) | std::uint64_t{offset} << kShift;
  } else {
    unwind_rule rule = rule_of(state_, cie_->kind);
    offset_change_ = offset_change(rule);
    rule_ = std::bit_cast<std::uint64_t>(rule);
  }
  auto start = static_cast<std::uint32_t>(at_ - table_->base());
  if (!table_->add(start, std::bit_cast<unwind_rule>(rule_))) return false;
  change_ = Change::none;
  return true;
}

CfiInterpreter::Step CfiInterpreter::step(Cursor& code) {
  std::uint8_t op = code.fixed<std::uint8_t>();
  switch (op & ~kLow) {
    case kAdvanceLoc: return advance(op & kLow);
    case kOffset: save_at_offset(op & kLow, How::at, code.uleb()); return Step::more;
    case kRestore: restore(op & kLow); return Step::more;
    default: break;
  }
  switch (op) {
    case kNop: return Step::more;
    case kAdvanceLoc1: return advance(code.fixed<std::uint8_t>());
    case kAdvanceLoc2: return advance(code.fixed<std::uint16_t>());
    case kAdvanceLoc4: return advance(code.fixed<std::uint32_t>());
    case kDefCfaOffset:
    case kDefCfaOffsetSf:
    case kDefCfa:
    case kDefCfaSf:
    case kDefCfaRegister:
    case kDefCfaExpression: return step_cfa(op, code);
    default: return step_extended(op, code);
  }
}

CfiInterpreter::Step CfiInterpreter::step_cfa(std::uint8_t op, Cursor& code) {
  change_ = Change::any;
  switch (op) {
    case kDefCfa: {
      std::uint64_t reg = code.uleb();
      set_cfa(reg, code.uleb());
      return Step::more;
    }
    case kDefCfaSf: {
      std::uint64_t reg = code.uleb();
      set_cfa(reg, scaled(as_unsigned(code.sleb())));
      return Step::more;
    }
    case kDefCfaExpression: state_.cfa = evaluate(code.take(code.uleb())); return Step::more;
    default: break;
  }
  // The others change a part of what must be register and offset.
  if (state_.cfa.kind != Kind::sum) return Step::broken;
  if (op == kDefCfaRegister) state_.cfa.base = base_register(code.uleb());
  if (op == kDefCfaOffset) state_.cfa.offset = as_signed(code.uleb());
  if (op == kDefCfaOffsetSf) state_.cfa.offset = as_signed(scaled(as_unsigned(code.sleb())));
  return Step::more;
}

CfiInterpreter::Step CfiInterpreter::step_extended(std::uint8_t op, Cursor& code) {
  switch (op) {
    case kRememberState:
      if (depth_ == kRemembered) return Step::broken;
      remembered_[depth_++] = state_;
      return Step::more;
    case kRestoreState:
      if (depth_ == 0) return Step::broken;
      state_ = remembered_[--depth_];
      change_ = Change::any;
      return Step::more;
    case kSetLoc: {
      auto place = read_pointer(code, cie_->pointers, bases_, start_);
      if (!place || *place < at_) return Step::broken;
      if (*place < limit_) return move_to(*place);
      if (change_ != Change::none && at_ < limit_ && !emit()) return Step::full;
      at_ = limit_;
      return Step::done;
    }
    case kAdvanceLoc8: return advance(code.fixed<std::uint64_t>());
    case kGnuArgsSize: code.uleb(); return Step::more;
    case kGnuWindowSave: return Step::more;
    default: return step_register(op, code);
  }
}

CfiInterpreter::Step CfiInterpreter::step_register(std::uint8_t op, Cursor& code) {
  std::uint64_t reg = code.uleb();
  constexpr CfiValue kCfaItself{Kind::sum, kCfa, 0, 0};
  switch (op) {
    case kOffsetExtended: save_at_offset(reg, How::at, code.uleb()); break;
    case kOffsetExtendedSf: save_at_offset(reg, How::at, as_unsigned(code.sleb())); break;
    case kGnuNegativeOffsetExtended: save_at_offset(reg, How::at, -code.uleb()); break;
    case kValOffset: save_at_offset(reg, How::value, code.uleb()); break;
    case kValOffsetSf: save_at_offset(reg, How::value, as_unsigned(code.sleb())); break;
    case kRestoreExtended: restore(reg); break;
    case kUndefined: save(reg, How::undefined, {}); break;
    case kSameValue: save(reg, How::same, {}); break;
    case kRegister: save(reg, code.uleb() == reg ? How::same : How::other, {}); break;
    case kExpression: save(reg, How::at, evaluate(code.take(code.uleb()), kCfaItself)); break;
    case kValExpression: save(reg, How::value, evaluate(code.take(code.uleb()), kCfaItself)); break;
    default: return Step::broken;
  }
  return Step::more;
}

void CfiInterpreter::set_cfa(std::uint64_t reg, std::uint64_t offset) {
  state_.cfa = {Kind::sum, base_register(reg), as_signed(offset), 0};
}

void CfiInterpreter::save(std::uint64_t reg, How how, const CfiValue& value) {
  if (reg == kRbp) {
    bool unchanged = how == How::same || (how == How::value && value == CfiValue{Kind::sum, kRbp, 0, 0});
    state_.fp = {SavedFp::Kind::elsewhere, value};
    if (how == How::at) state_.fp.kind = SavedFp::Kind::at;
    if (unchanged) state_.fp = {};
    change_ = Change::any;
  } else if (reg == cie_->return_address) {
    bool below = how == How::at && value == CfiValue{Kind::sum, kCfa, kReturnAddress, 0};
    state_.ra = below ? CfiState::Ra::below_cfa : CfiState::Ra::elsewhere;
    if (how == How::undefined) state_.ra = CfiState::Ra::undefined;
    change_ = Change::any;
  } else if (reg == kRsp) {
    bool cfa = how == How::value && value == CfiValue{Kind::sum, kCfa, 0, 0};
    state_.sp = cfa ? CfiState::Sp::cfa : CfiState::Sp::elsewhere;
    change_ = Change::any;
  }
}

void CfiInterpreter::restore(std::uint64_t reg) {
  if (reg == kRbp) state_.fp = initial_->fp;
  if (reg == cie_->return_address) state_.ra = initial_->ra;
  if (reg == kRsp) state_.sp = initial_->sp;
  change_ = Change::any;
}

}  // namespace weir::profiler
