#include "profiler/unwind/cfi_state.h"

#include <algorithm>

namespace weir::profiler {
namespace {

using Kind = CfiValue::Kind;

constexpr std::uint8_t kRegisters = 16;  // general ones, which a rule can name

template <class To>
bool fits(std::int64_t value) {
  return value == static_cast<To>(value);
}

std::uint8_t with_register(std::uint8_t base, std::uint8_t sp, std::uint8_t fp, std::uint8_t other) {
  if (base == kRsp) return sp;
  if (base == kRbp) return fp;
  return base < kRegisters ? static_cast<std::uint8_t>(other + base) : std::uint8_t{UNWIND_CFA_INVALID};
}

unwind_rule cfa_rule(const CfiValue& cfa) {
  constexpr int kAddendBits = 8;
  unwind_rule rule{};
  std::int64_t offset = cfa.offset;
  switch (cfa.kind) {
    case Kind::sum:
      rule.cfa = with_register(cfa.base, UNWIND_CFA_SP, UNWIND_CFA_FP, UNWIND_CFA_REGISTER);
      break;
    case Kind::word:
    case Kind::indexed_word:
      if (!fits<std::int32_t>(offset) || !fits<std::uint8_t>(cfa.addend)) return {};
      rule.cfa = cfa.kind == Kind::word ? with_register(cfa.base, UNWIND_CFA_SP_DEREF, UNWIND_CFA_FP_DEREF,
                                                        UNWIND_CFA_REGISTER_DEREF)
                                        : static_cast<std::uint8_t>(UNWIND_CFA_INDEXED_DEREF + cfa.base);
      offset = offset << kAddendBits | cfa.addend;
      break;
    case Kind::plt: rule.cfa = UNWIND_CFA_PLT; break;
    default: break;
  }
  if (rule.cfa == UNWIND_CFA_INVALID || !fits<std::int32_t>(offset)) return {};
  rule.cfa_offset = static_cast<std::int32_t>(offset);
  return rule;
}

unwind_rule return_register_rule(const CfiState& state) {
  const CfiValue& cfa = state.cfa;
  bool sayable = cfa.kind == Kind::sum && cfa.base == kRsp && fits<std::int32_t>(cfa.offset);
  if (!sayable || state.ra_register >= kRegisters) return {};
  unwind_rule rule{};
  rule.cfa = static_cast<std::uint8_t>(UNWIND_CFA_RETURN_REGISTER + state.ra_register);
  rule.fp = state.fp.kind == SavedFp::Kind::same ? UNWIND_FP_SAME : UNWIND_FP_UNKNOWN;
  rule.cfa_offset = static_cast<std::int32_t>(cfa.offset);
  return rule;
}

void set_fp(unwind_rule& rule, unwind_fp kind, std::int64_t offset) {
  bool sayable = fits<std::int16_t>(offset);
  rule.fp = sayable ? kind : UNWIND_FP_UNKNOWN;
  rule.fp_offset = sayable ? static_cast<std::int16_t>(offset) : std::int16_t{0};
}

// A place that the CFA is also counted from is as good as one counted from the CFA.
void set_fp(unwind_rule& rule, const SavedFp& fp, const CfiValue& cfa) {
  if (fp.kind == SavedFp::Kind::same) return set_fp(rule, UNWIND_FP_SAME, 0);
  const CfiValue& place = fp.place;
  if (fp.kind == SavedFp::Kind::elsewhere) return set_fp(rule, UNWIND_FP_UNKNOWN, 0);
  if (place.kind == Kind::sum && place.base == kCfa) return set_fp(rule, UNWIND_FP_AT_CFA, place.offset);
  if (place.kind == Kind::sum && place.base == kRbp) return set_fp(rule, UNWIND_FP_AT_FP, place.offset);
  bool one_base = place.kind == cfa.kind && place.base == cfa.base;
  if (one_base && place.kind == Kind::sum) return set_fp(rule, UNWIND_FP_AT_CFA, place.offset - cfa.offset);
  if (one_base && place.kind == Kind::word && place.offset == cfa.offset)
    return set_fp(rule, UNWIND_FP_AT_CFA, place.addend - cfa.addend);
  set_fp(rule, UNWIND_FP_UNKNOWN, 0);
}

// What the C library describes in words: the caller's rsp is in the kernel's signal frame.
bool is_signal_frame(const CfiState& state) {
  constexpr std::int64_t kRspInFrame = 160;  // ucontext's registers begin at 40, rsp is the 16th
  return state.cfa == CfiValue{Kind::word, kRsp, kRspInFrame, 0};
}

// A stack machine over values that one register can give.
class Evaluation {
 public:
  void push(CfiValue value) {
    if (depth_ == kDepth) {
      ok_ = false;
      return;
    }
    stack_[depth_++] = value;
  }

  bool run(Cursor& in) {
    while (ok_ && !in.done()) step(in);
    return ok_ && in.ok();
  }

  CfiValue result() { return pop(); }

 private:
  static constexpr std::size_t kDepth = 8;

  static CfiValue constant(std::int64_t value) { return {Kind::constant, 0, value, 0}; }
  static CfiValue constant(std::uint64_t value) { return constant(static_cast<std::int64_t>(value)); }

  CfiValue pop() {
    if (depth_ == 0) {
      ok_ = false;
      return {};
    }
    return stack_[--depth_];
  }

  // Wraps, as the machine does.
  static std::int64_t sum(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  }

  static CfiValue add(CfiValue value, std::int64_t constant) {
    if (value.kind == Kind::unknown || value.kind == Kind::scaled) return {};
    bool is_word = value.kind == Kind::word || value.kind == Kind::indexed_word;
    std::int64_t& part = is_word ? value.addend : value.offset;
    part = sum(part, constant);
    return value;
  }

  static CfiValue add(const CfiValue& a, const CfiValue& b) {
    if (b.kind == Kind::constant) return add(a, b.offset);
    if (a.kind == Kind::constant) return add(b, a.offset);
    if (a.kind == Kind::sum && a.base == kRsp && b.kind == Kind::scaled)
      return {Kind::indexed, b.base, a.offset, 0};
    return {};
  }

  static CfiValue multiply(const CfiValue& a, const CfiValue& b) {
    bool scales = a.kind == Kind::sum && a.offset == 0 && a.base < kRegisters;
    return scales && b == constant(std::int64_t{8}) ? CfiValue{Kind::scaled, a.base, 0, 0} : CfiValue{};
  }

  static CfiValue deref(CfiValue value) {
    if (value.kind != Kind::sum && value.kind != Kind::indexed) return {};
    value.kind = value.kind == Kind::sum ? Kind::word : Kind::indexed_word;
    return value;
  }

  static CfiValue negated(const CfiValue& value) {
    return value.kind == Kind::constant ? constant(-static_cast<std::uint64_t>(value.offset)) : CfiValue{};
  }

  void step(Cursor& in);
  void step_with_operand(std::uint8_t op, Cursor& in);

  CfiValue stack_[kDepth];
  std::size_t depth_ = 0;
  bool ok_ = true;
};

// DWARF 5, 7.7.1.
void Evaluation::step(Cursor& in) {
  std::uint8_t op = in.fixed<std::uint8_t>();
  if (op >= 0x30 && op <= 0x4f) return push(constant(std::int64_t{op} - 0x30));  // lit0 … lit31
  if (op >= 0x70 && op <= 0x8f)                                                  // breg0 … breg31
    return push({Kind::sum, static_cast<std::uint8_t>(op - 0x70), in.sleb(), 0});
  switch (op) {
    case 0x06: return push(deref(pop()));
    case 0x12: {  // dup
      CfiValue top = pop();
      push(top);
      return push(top);
    }
    case 0x13: pop(); return;
    case 0x1c: {  // minus
      CfiValue right = pop();
      return push(add(pop(), negated(right)));
    }
    case 0x1e: {  // mul
      CfiValue right = pop();
      return push(multiply(pop(), right));
    }
    case 0x22: {  // plus
      CfiValue right = pop();
      return push(add(pop(), right));
    }
    case 0x96: return;  // nop
    default: return step_with_operand(op, in);
  }
}

void Evaluation::step_with_operand(std::uint8_t op, Cursor& in) {
  switch (op) {
    case 0x08: return push(constant(std::uint64_t{in.fixed<std::uint8_t>()}));
    case 0x09: return push(constant(std::int64_t{in.fixed<std::int8_t>()}));
    case 0x0a: return push(constant(std::uint64_t{in.fixed<std::uint16_t>()}));
    case 0x0b: return push(constant(std::int64_t{in.fixed<std::int16_t>()}));
    case 0x0c: return push(constant(std::uint64_t{in.fixed<std::uint32_t>()}));
    case 0x0d: return push(constant(std::int64_t{in.fixed<std::int32_t>()}));
    case 0x0e: return push(constant(in.fixed<std::uint64_t>()));
    case 0x0f: return push(constant(in.fixed<std::int64_t>()));
    case 0x10: return push(constant(in.uleb()));
    case 0x11: return push(constant(in.sleb()));
    case 0x23: return push(add(pop(), static_cast<std::int64_t>(in.uleb())));  // plus_uconst
    case 0x92: {                                                               // bregx
      std::uint64_t base = in.uleb();
      std::int64_t offset = in.sleb();
      return push(base <= kRip ? CfiValue{Kind::sum, static_cast<std::uint8_t>(base), offset, 0}
                               : CfiValue{});
    }
    default: ok_ = false;
  }
}

// What linkers write for .plt: rsp + 8 + ((rip & 15) >= N) << 3. Returns N, or -1.
int plt_pushed_at(Cursor expression) {
  constexpr std::uint8_t kPattern[] = {0x77, 8, 0x80, 0, 0x3f, 0x1a, 0, 0x2a, 0x33, 0x24, 0x22};
  constexpr std::size_t kLiteral = 6;
  auto bytes = expression.rest();
  if (bytes.size() != sizeof kPattern) return -1;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    if (i != kLiteral && bytes[i] != kPattern[i]) return -1;
  int pushed_at = bytes[kLiteral] - 0x30;
  return pushed_at >= 0 && pushed_at < 16 ? pushed_at : -1;
}

CfiValue run(Evaluation& evaluation, Cursor expression) {
  if (!evaluation.run(expression)) return {};
  return evaluation.result();
}

}  // namespace

unwind_rule rule_of(const CfiState& state, FrameKind kind) {
  unwind_rule rule{};
  if (state.ra == CfiState::Ra::undefined) {
    rule.cfa = UNWIND_CFA_END;
    return rule;
  }
  if (kind == FrameKind::signal && is_signal_frame(state)) {
    rule.cfa = UNWIND_CFA_SIGNAL;
    return rule;
  }
  if (state.sp != CfiState::Sp::cfa) return rule;
  if (state.ra == CfiState::Ra::in_register) return return_register_rule(state);
  if (state.ra != CfiState::Ra::below_cfa) return rule;
  rule = cfa_rule(state.cfa);
  if (rule.cfa != UNWIND_CFA_INVALID) set_fp(rule, state.fp, state.cfa);
  return rule;
}

std::optional<PlainState> PlainState::of(const CfiState& state) {
  const CfiValue& cfa = state.cfa;
  const CfiValue& place = state.fp.place;
  if (state.ra != CfiState::Ra::below_cfa || state.sp != CfiState::Sp::cfa) return std::nullopt;
  if (cfa.kind != Kind::sum || cfa.offset < 0) return std::nullopt;
  PlainState plain;
  if (!plain.set_register(cfa.base) || !plain.set_offset(static_cast<std::uint64_t>(cfa.offset)))
    return std::nullopt;
  if (state.fp.kind == SavedFp::Kind::same) return plain;
  bool at_distance = state.fp.kind == SavedFp::Kind::at && place.kind == Kind::sum && place.base == kCfa;
  return at_distance && plain.save_fp(place.offset) ? std::optional(plain) : std::nullopt;
}

CfiState PlainState::whole() const {
  unwind_rule parts = rule();
  CfiState state;
  state.cfa = {Kind::sum, parts.cfa == UNWIND_CFA_SP ? kRsp : kRbp, parts.cfa_offset, 0};
  if (parts.fp == UNWIND_FP_AT_CFA) state.fp = {SavedFp::Kind::at, {Kind::sum, kCfa, parts.fp_offset, 0}};
  state.ra = CfiState::Ra::below_cfa;
  return state;
}

CfiValue evaluate(Cursor expression, const CfiValue& pushed) {
  Evaluation evaluation;
  evaluation.push(pushed);
  return run(evaluation, expression);
}

CfiValue evaluate(Cursor expression) {
  int pushed_at = plt_pushed_at(expression);
  if (pushed_at >= 0) return {Kind::plt, kRsp, pushed_at, 0};
  Evaluation evaluation;
  return run(evaluation, expression);
}

}  // namespace weir::profiler
