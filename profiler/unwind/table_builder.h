// UnwindTableBuilder: rows in ascending order become an UnwindTable. Rows that
// change nothing are merged, rules are kept once, memory is bounded.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "bpf/unwind.h"
#include "profiler/unwind/table.h"

namespace weir::profiler {

class UnwindTableBuilder {
 public:
  // `base` is rounded down to 64 KiB. `expected_rows` costs address space only.
  UnwindTableBuilder(std::uint64_t base, std::size_t byte_limit, std::size_t expected_rows);

  std::uint64_t base() const { return table_.base; }

  // From base + start on the rule holds. Starts never descend; of two rows at one place
  // the later stands. False when the table would need more than its bytes: then
  // the table is of no use.
  bool add(std::uint32_t start, unwind_rule rule) {
    std::uint64_t key = std::bit_cast<std::uint64_t>(rule);
    if (key == last_) return true;
    if (start < next_) {
      drop_last();
      if (key == last_) return true;
    }
    if (count_ == room_in_batch_ && !make_room()) return false;
    starts_[count_] = start;
    keys_[count_] = key;
    ++count_;
    next_ = std::uint64_t{start} + 1;
    last_ = key;
    return true;
  }

  UnwindTable take();

 private:
  static constexpr std::size_t kBatch = 256;

  void drop_last();
  void finish_batch();
  bool make_room();
  bool grow();
  void grow_slots();
  std::size_t first_slot(std::uint64_t key) const { return key * multiplier_ >> (64 - slot_bits_); }
  std::uint16_t search_index_of(std::uint64_t key);

  UnwindTable table_;
  // The last rows, which are not in the table yet: rows are cheaper to append, and rules to look up,
  // together.
  std::array<std::uint32_t, kBatch> starts_;
  std::array<std::uint64_t, kBatch> keys_;
  std::size_t count_ = 0;
  std::size_t room_in_batch_ = 0;
  std::uint64_t last_ = 0;  // rule of the last row; before the first one INVALID holds
  std::uint64_t next_ = 0;  // where the last row's second byte is: a row before that takes its place
  std::size_t byte_limit_;
  std::size_t room_ = 0;              // rows for which there is memory
  std::uint64_t multiplier_;          // odd
  unsigned slot_bits_ = 8;            // as few as do, so that they stay in the first cache
  std::vector<std::uint16_t> slots_;  // open addressing: index into distinct, 0 is free
};

}  // namespace weir::profiler
