#include "profiler/unwind/table_builder.h"

#include <sys/random.h>

#include <algorithm>

namespace weir::profiler {
namespace {

constexpr std::size_t kRowBytes = sizeof(std::uint32_t) + sizeof(std::uint16_t);
constexpr std::size_t kFewRows = 64;

static_assert(sizeof(unwind_rule) == sizeof(std::uint64_t));

// Rules are somebody else's: those of a file must not be able to meet in one slot.
std::uint64_t secret_multiplier() {
  static const std::uint64_t multiplier = [] {
    std::uint64_t number = 0x9e3779b97f4a7c15;
    ssize_t got = getrandom(&number, sizeof number, GRND_NONBLOCK);
    static_cast<void>(got);  // without it, early after the machine has started, the number above does
    return number | 1;
  }();
  return multiplier;
}

}  // namespace

UnwindTableBuilder::UnwindTableBuilder(std::uint64_t base, std::size_t byte_limit, std::size_t expected_rows)
    : byte_limit_(byte_limit), multiplier_(secret_multiplier()), slots_(std::size_t{1} << slot_bits_) {
  table_.base = base >> UNWIND_MOST_PAGE_BITS << UNWIND_MOST_PAGE_BITS;
  table_.distinct.push_back({});
  room_ = std::min(expected_rows + kFewRows, byte_limit / kRowBytes);
  table_.starts.reserve(room_);
  table_.rules.reserve(room_);
}

UnwindTable UnwindTableBuilder::take() {
  finish_batch();
  return std::move(table_);
}

void UnwindTableBuilder::drop_last() {
  finish_batch();
  table_.starts.pop_back();
  table_.rules.pop_back();
  next_ = table_.starts.empty() ? 0 : std::uint64_t{table_.starts.back()} + 1;
  std::uint16_t rule = table_.rules.empty() ? std::uint16_t{0} : table_.rules.back();
  last_ = std::bit_cast<std::uint64_t>(table_.distinct[rule]);
}

void UnwindTableBuilder::finish_batch() {
  table_.starts.insert(table_.starts.end(), starts_.begin(), starts_.begin() + count_);
  std::size_t row = table_.rules.size();
  table_.rules.resize(row + count_);
  for (std::size_t i = 0; i < count_; ++i) {
    std::uint64_t key = keys_[i];
    std::uint16_t index = slots_[first_slot(key)];
    bool found = std::bit_cast<std::uint64_t>(table_.distinct[index]) == key;
    table_.rules[row + i] = found ? index : search_index_of(key);
  }
  room_in_batch_ -= count_;
  count_ = 0;
}

bool UnwindTableBuilder::make_room() {
  finish_batch();
  if (table_.starts.size() == room_ && !grow()) return false;
  room_in_batch_ = std::min(kBatch, room_ - table_.starts.size());
  return true;
}

// While a column moves, its old and its new memory are both there.
bool UnwindTableBuilder::grow() {
  std::size_t wanted = room_ + room_ / 2 + kFewRows;
  if ((room_ + wanted) * kRowBytes > byte_limit_) return false;
  table_.starts.reserve(wanted);
  table_.rules.reserve(wanted);
  room_ = wanted;
  return true;
}

// A file with more rules than the kernel's table has room for (real ones have a
// few hundred) loses those past it: INVALID.
std::uint16_t UnwindTableBuilder::search_index_of(std::uint64_t key) {
  if (key == 0) return 0;
  std::size_t slot = first_slot(key);
  for (; slots_[slot] != 0; slot = (slot + 1) & (slots_.size() - 1)) {
    if (std::bit_cast<std::uint64_t>(table_.distinct[slots_[slot]]) == key) return slots_[slot];
  }
  if (table_.distinct.size() >= UNWIND_RULES) return 0;
  auto index = static_cast<std::uint16_t>(table_.distinct.size());
  table_.distinct.push_back(std::bit_cast<unwind_rule>(key));
  slots_[slot] = index;
  if (table_.distinct.size() * 2 > slots_.size()) grow_slots();
  return index;
}

void UnwindTableBuilder::grow_slots() {
  ++slot_bits_;
  slots_.assign(std::size_t{1} << slot_bits_, 0);
  for (std::size_t i = 1; i < table_.distinct.size(); ++i) {
    std::size_t slot = first_slot(std::bit_cast<std::uint64_t>(table_.distinct[i]));
    while (slots_[slot] != 0) slot = (slot + 1) & (slots_.size() - 1);
    slots_[slot] = static_cast<std::uint16_t>(i);
  }
}

}  // namespace weir::profiler
