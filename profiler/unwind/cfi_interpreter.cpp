#include "profiler/unwind/cfi_interpreter.h"

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

void CfiInterpreter::prepare(Cie& cie) {
  cie.initial = initial(cie);
  if (cie.code_alignment == 1) cie.plain = PlainState::of(cie.initial);
}

CfiState CfiInterpreter::initial(const Cie& cie) {
  if (cie.instructions.size() > kMaxInitialInstructions) return kNothing;
  cie_ = &cie;
  initial_ = &kNothing;
  state_ = kNothing;
  depth_ = 0;
  at_ = limit_ = start_ = 0;  // a row has no place
  return execute(Cursor(cie.instructions), std::nullopt) == Step::broken ? kNothing : state_;
}

bool CfiInterpreter::emit() {
  return table_->add(static_cast<std::uint32_t>(at_ - table_->base()), rule_of(state_, cie_->kind));
}

bool CfiInterpreter::run(const Cie& cie, const Fde& fde, std::uint64_t limit, UnwindTableBuilder& table) {
  table_ = &table;
  cie_ = &cie;
  initial_ = &cie.initial;
  if (!cie.plain) state_ = cie.initial;
  depth_ = 0;
  at_ = start_ = fde.start;
  limit_ = limit;
  Step end = execute(fde.instructions, cie.plain);
  if (end == Step::full) return false;
  if (end == Step::broken) state_ = kNothing;
  return at_ >= limit_ || emit();
}

inline CfiInterpreter::Step CfiInterpreter::move_to(std::uint64_t place) {
  if (place > at_ && !emit()) return Step::full;
  at_ = place;
  return Step::more;
}

inline CfiInterpreter::Step CfiInterpreter::advance(std::uint64_t count) {
  std::uint64_t distance = 0;
  if (__builtin_mul_overflow(count, cie_->code_alignment, &distance)) return Step::broken;
  if (distance < limit_ - at_) return move_to(at_ + distance);
  if (at_ < limit_ && !emit()) return Step::full;
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

CfiInterpreter::Step CfiInterpreter::execute(Cursor code, std::optional<PlainState> plain) {
  for (;;) {
    Step result = plain ? execute_plain(code, *plain) : Step::more;
    if (result != Step::more || code.done()) return result;
    result = step(code);
    if (!code.ok()) return Step::broken;
    if (result != Step::more) return result;
    if (cie_->plain) plain = PlainState::of(state_);
  }
}

inline bool CfiInterpreter::save_plain(std::uint64_t reg, std::uint8_t factored, PlainState& state) const {
  if (reg == kRbp) return state.save_fp(as_signed(scaled(factored)));
  return reg != kRsp && reg != cie_->return_address;
}

// What is not done by the loop of execute_plain itself.
inline CfiInterpreter::Plain CfiInterpreter::step_plain(Cursor& code, PlainState& state,
                                                        std::uint64_t& distance) {
  std::uint8_t op = code.fixed<std::uint8_t>();
  if ((op & ~kLow) == kRestore) {
    std::uint64_t reg = op & kLow;
    if (reg == kRsp || reg == cie_->return_address) return Plain::no_more;
    if (reg == kRbp) state.restore_fp(*cie_->plain);
    return Plain::changed;
  }
  switch (op) {
    case kNop: return Plain::changed;
    case kAdvanceLoc1: distance = code.fixed<std::uint8_t>(); return Plain::advanced;
    case kAdvanceLoc2: distance = code.fixed<std::uint16_t>(); return Plain::advanced;
    case kAdvanceLoc4: distance = code.fixed<std::uint32_t>(); return Plain::advanced;
    case kDefCfa: {
      bool known = state.set_register(code.uleb());
      return known && state.set_offset(code.uleb()) ? Plain::changed : Plain::no_more;
    }
    case kDefCfaRegister: return state.set_register(code.uleb()) ? Plain::changed : Plain::no_more;
    case kDefCfaOffset: return state.set_offset(code.uleb()) ? Plain::changed : Plain::no_more;
    case kGnuArgsSize: code.uleb(); return Plain::changed;
    case kRememberState:
      if (depth_ == kRemembered) return Plain::no_more;
      remembered_[depth_++] = state.whole();
      return Plain::changed;
    case kRestoreState: {
      auto plain = depth_ == 0 ? std::nullopt : PlainState::of(remembered_[depth_ - 1]);
      if (!plain) return Plain::no_more;
      --depth_;
      state = *plain;
      return Plain::changed;
    }
    default: return Plain::no_more;
  }
}

// Nearly all that is ever run is run here, so the most frequent instructions come first and nothing that
// changes is kept in memory.
CfiInterpreter::Step CfiInterpreter::execute_plain(Cursor& code, PlainState state) {
  constexpr std::uint8_t kLonger = 0x80;  // an operand that goes on
  UnwindTableBuilder& table = *table_;
  const std::uint64_t limit = limit_ - table.base();
  std::uint64_t left = limit_ - at_;
  const std::uint8_t* at = code.at();
  const std::uint8_t* const end = at + code.left();
  while (at != end) {
    std::uint8_t op = at[0];
    std::uint64_t distance = op & kLow;
    if ((op & ~kLow) == kAdvanceLoc) {
      at += 1;
    } else if (op == kDefCfaOffset && end - at > 1 && at[1] < kLonger) {
      state.set_offset(at[1]);
      at += 2;
      continue;
    } else if (op == kNop) {
      at += 1;
      continue;
    } else if ((op & ~kLow) == kOffset && end - at > 1 && at[1] < kLonger &&
               save_plain(op & kLow, at[1], state)) {
      at += 2;
      continue;
    } else {
      Cursor rest({at, end});
      PlainState next = state;
      std::uint64_t moved = 0;
      Plain became = step_plain(rest, next, moved);
      if (became == Plain::no_more || !rest.ok()) {
        code = Cursor({at, end});
        state_ = state.whole();
        at_ = limit_ - left;
        return Step::more;
      }
      at = rest.at();
      state = next;
      if (became == Plain::changed) continue;
      distance = moved;
    }
    if (distance >= left) break;
    if (distance != 0 && !table.add(static_cast<std::uint32_t>(limit - left), state.rule()))
      return Step::full;
    left -= distance;
  }
  at_ = limit_;
  return table.add(static_cast<std::uint32_t>(limit - left), state.rule()) ? Step::done : Step::full;
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
      return Step::more;
    case kSetLoc: {
      auto place = read_pointer(code, cie_->pointers, bases_, start_);
      if (!place || *place < at_) return Step::broken;
      if (*place < limit_) return move_to(*place);
      if (at_ < limit_ && !emit()) return Step::full;
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
    case kRegister: save_in_register(reg, code.uleb()); break;
    case kExpression: save(reg, How::at, evaluate(code.take(code.uleb()), kCfaItself)); break;
    case kValExpression: save(reg, How::value, evaluate(code.take(code.uleb()), kCfaItself)); break;
    default: return Step::broken;
  }
  return Step::more;
}

void CfiInterpreter::save_in_register(std::uint64_t reg, std::uint64_t other) {
  save(reg, other == reg ? How::same : How::in_register, {Kind::sum, base_register(other), 0, 0});
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
  } else if (reg == cie_->return_address) {
    bool below = how == How::at && value == CfiValue{Kind::sum, kCfa, kReturnAddress, 0};
    state_.ra = below ? CfiState::Ra::below_cfa : CfiState::Ra::elsewhere;
    if (how == How::undefined) state_.ra = CfiState::Ra::undefined;
    if (how == How::in_register) {
      state_.ra = CfiState::Ra::in_register;
      state_.ra_register = value.base;
    }
  } else if (reg == kRsp) {
    bool cfa = how == How::value && value == CfiValue{Kind::sum, kCfa, 0, 0};
    state_.sp = cfa ? CfiState::Sp::cfa : CfiState::Sp::elsewhere;
  }
}

void CfiInterpreter::restore(std::uint64_t reg) {
  if (reg == kRbp) state_.fp = initial_->fp;
  if (reg == cie_->return_address) {
    state_.ra = initial_->ra;
    state_.ra_register = initial_->ra_register;
  }
  if (reg == kRsp) state_.sp = initial_->sp;
}

}  // namespace weir::profiler
