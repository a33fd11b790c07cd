// Rows from what .gopclntab says of each place in a Go function: how far the
// stack pointer is from where it was at the start, right below the return address.
#include <algorithm>
#include <vector>

#include "profiler/symbols/go_module.h"
#include "profiler/symbols/go_values.h"
#include "profiler/symbols/gopclntab.h"
#include "profiler/symbols/paged_bytes.h"
#include "profiler/unwind/go_functions.h"
#include "profiler/unwind/table.h"
#include "profiler/unwind/table_builder.h"

namespace weir::profiler {
namespace {

constexpr std::uint32_t kMaxSteps = 64u << 20;  // through all value tables of one file
constexpr std::uint32_t kMaxStack = 1u << 30;
constexpr std::uint32_t kProbed = 512;        // functions that show how this compiler saves the frame pointer
constexpr std::size_t kMaxSwitchCode = 4096;  // bytes of a function
constexpr std::size_t kRowsAFunction = 6;
constexpr std::int16_t kSavedAt = -16;  // from the frame: below the return address
constexpr std::uint32_t kWord = 8;

constexpr unwind_rule kInvalid{};
constexpr unwind_rule kEnd{.cfa = UNWIND_CFA_END, .fp = UNWIND_FP_SAME, .fp_offset = 0, .cfa_offset = 0};
constexpr unwind_rule kSignal{
    .cfa = UNWIND_CFA_SIGNAL, .fp = UNWIND_FP_SAME, .fp_offset = 0, .cfa_offset = 0};
constexpr unwind_rule kByFramePointer{
    .cfa = UNWIND_CFA_FP_CHAIN, .fp = UNWIND_FP_AT_CFA, .fp_offset = kSavedAt, .cfa_offset = 16};

unwind_rule by_stack_pointer(std::uint32_t depth, unwind_fp fp) {
  bool saved = fp == UNWIND_FP_AT_CFA;
  return {.cfa = UNWIND_CFA_SP,
          .fp = static_cast<std::uint8_t>(fp),
          .fp_offset = saved ? kSavedAt : std::int16_t{0},
          .cfa_offset = static_cast<std::int32_t>(depth + kWord)};
}

// Where the stack pointer is `depth` bytes below its place at the function's start.
struct Range {
  std::uint32_t start = 0;
  std::uint32_t end = 0;
  std::uint32_t depth = 0;
};

// How functions save the frame pointer: since Go 1.21 by a push; before, the whole frame is made at once.
enum class Prologue : std::uint8_t { push, whole };

class Builder {
 public:
  Builder(const Elf& elf, const Bytes& bytes, const GoTable& table, std::size_t byte_limit)
      : elf_(elf),
        bytes_(bytes),
        table_(table),
        rows_(table.start(0), byte_limit, table.size() * kRowsAFunction) {}

  bool build() {
    prologue_ = find_prologue();
    for (std::uint32_t i = 0; i < table_.size(); ++i)
      if (!add_function(i)) return false;
    return add(table_.end(static_cast<std::uint32_t>(table_.size() - 1)), kInvalid);
  }
  UnwindTable take() { return rows_.take(); }

 private:
  bool add(std::uint64_t address, unwind_rule rule) {
    return rows_.add(static_cast<std::uint32_t>(address - rows_.base()), rule);
  }
  bool read_ranges(const GoRecord& record, std::uint32_t size);
  Prologue find_prologue();
  bool add_function(std::uint32_t index);
  GoWalk walk_of(const GoRecord& record) const;
  bool add_ranges(std::uint64_t start, GoWalk walk, std::uint32_t switched);
  unwind_rule rule_in(const Range& range, GoWalk walk, bool has_frame, bool saves) const;
  std::uint32_t switch_in(std::uint64_t start, std::uint32_t size) const;

  const Elf& elf_;
  PagedBytes bytes_;
  const GoTable& table_;
  UnwindTableBuilder rows_;
  Prologue prologue_ = Prologue::push;
  std::uint32_t steps_ = 0;
  std::vector<Range> ranges_;  // of the function at hand
};

// False when there is nothing that makes sense.
bool Builder::read_ranges(const GoRecord& record, std::uint32_t size) {
  ranges_.clear();
  if (record.stack_table == 0) return false;
  const GoLayout& layout = table_.layout();
  GoValues values(bytes_, layout.values + record.stack_table, layout.end, layout.quantum);
  while (++steps_ < kMaxSteps && values.start() < size && values.next()) {
    if (values.value() < 0 || static_cast<std::uint32_t>(values.value()) > kMaxStack) return false;
    ranges_.push_back(
        {values.start(), std::min(values.end(), size), static_cast<std::uint32_t>(values.value())});
    if (values.end() >= size) break;
  }
  return !ranges_.empty();
}

Prologue Builder::find_prologue() {
  std::size_t pushes = 0;
  std::size_t wholes = 0;
  for (std::uint32_t i = 0; i < table_.size() && pushes + wholes < kProbed; ++i) {
    auto record = table_.record(i, bytes_);
    if (!record || record->flags != 0) continue;
    if (!read_ranges(*record, static_cast<std::uint32_t>(table_.end(i) - table_.start(i)))) continue;
    auto first = std::find_if(ranges_.begin(), ranges_.end(), [](const Range& r) { return r.depth != 0; });
    if (first == ranges_.end()) continue;
    ++(first->depth == kWord ? pushes : wholes);
  }
  return pushes > wholes ? Prologue::push : Prologue::whole;
}

GoWalk Builder::walk_of(const GoRecord& record) const {
  // What is special is written in assembly, and since Go 1.18 has a flag for that.
  if (record.flags == 0 && table_.layout().format >= GoFormat::go1_18) return GoWalk::ordinary;
  return go_walk_of(table_.name(record, bytes_), record.flags);
}

bool Builder::add_function(std::uint32_t index) {
  const std::uint64_t start = table_.start(index);
  const auto size = static_cast<std::uint32_t>(table_.end(index) - start);
  if (size == 0) return true;
  auto record = table_.record(index, bytes_);
  if (!record) return add(start, kInvalid);
  GoWalk walk = walk_of(*record);
  if (walk == GoWalk::begins) return add(start, kEnd);
  // A return address is looked up one byte before, and this one is nobody's call.
  if (walk == GoWalk::signal) return add(start == table_.start(0) ? start : start - 1, kSignal);
  if (!read_ranges(*record, size)) return add(start, kInvalid);
  bool switches = walk == GoWalk::switches || walk == GoWalk::switches_away;
  return add_ranges(start, walk, switches ? switch_in(start, size) : UINT32_MAX);
}

bool Builder::add_ranges(std::uint64_t start, GoWalk walk, std::uint32_t switched) {
  auto first = std::find_if(ranges_.begin(), ranges_.end(), [](const Range& r) { return r.depth != 0; });
  bool has_frame = first != ranges_.end();
  // Since the compiler pushes it, a frame that begins otherwise is made by hand, without a frame pointer.
  bool saves = has_frame && (prologue_ == Prologue::whole || first->depth == kWord);
  std::uint32_t framed = has_frame ? first->start : 0;
  for (const Range& range : ranges_) {
    // Right after the frame was made at once the caller's frame pointer is not in it yet.
    bool gap = saves && prologue_ == Prologue::whole && range.start == framed;
    if (gap && !add(start + range.start, by_stack_pointer(range.depth, UNWIND_FP_SAME))) return false;
    std::uint32_t from = gap ? range.start + 1 : range.start;
    if (from < range.end && from <= switched &&
        !add(start + from, rule_in(range, GoWalk::ordinary, has_frame, saves)))
      return false;
    std::uint32_t after = switched == UINT32_MAX ? UINT32_MAX : std::max(from, switched + 1);
    if (after < range.end && !add(start + after, rule_in(range, walk, has_frame, saves))) return false;
  }
  return true;
}

// `walk`: of the place, which is ordinary before the stack is switched.
unwind_rule Builder::rule_in(const Range& range, GoWalk walk, bool has_frame, bool saves) const {
  if (walk == GoWalk::switches_away && range.depth > kWord) return kEnd;
  // At depth 0 the frame is gone, and with it the other stack.
  if (walk != GoWalk::ordinary && (range.depth != 0 || !has_frame)) return kByFramePointer;
  bool in_frame = range.depth != 0 && saves;
  return by_stack_pointer(range.depth, in_frame ? UNWIND_FP_AT_CFA : UNWIND_FP_SAME);
}

// Where the stack pointer first gets another value; where the frame stands, if that cannot be seen.
std::uint32_t Builder::switch_in(std::uint64_t start, std::uint32_t size) const {
  std::uint8_t code[kMaxSwitchCode];
  auto offset = file_offset_of(elf_, start);
  if (offset) {
    std::size_t have = bytes_.read(*offset, code, std::min<std::size_t>(size, sizeof code));
    if (auto place = find_stack_switch({code, have})) return *place;
  }
  for (const Range& range : ranges_)
    if (range.depth != 0) return range.start;
  return 0;
}

}  // namespace

Result<UnwindTable> read_go_frames(const Elf& elf, const Bytes& bytes, std::size_t byte_limit) {
  auto table = GoTable::read(elf, bytes, byte_limit);
  if (!table) return fail(table.error());
  // Instructions of 4 bytes: aarch64, which has other rules.
  if (table->size() == 0 || table->layout().quantum != 1) return UnwindTable();
  // Rows count 32 bits from their base, which lies up to a page's length below the first function.
  std::uint64_t span = table->end(static_cast<std::uint32_t>(table->size() - 1)) - table->start(0);
  if (span > UINT32_MAX >> 1) return fail("its Go functions span {} bytes", span);
  Builder builder(elf, bytes, *table, byte_limit);
  if (!builder.build()) return fail("its table of Go frames needs more than {} bytes", byte_limit);
  return builder.take();
}

}  // namespace weir::profiler
