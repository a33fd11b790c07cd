// UnwindTableBuilder: rows in ascending order become an UnwindTable. Rows that
// change nothing are merged, rules are kept once, memory is bounded.
#pragma once

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
    if (!table_.starts.empty() && table_.starts.back() >= start) drop_last();
    if (key == last_) return true;
    if (table_.starts.size() == room_ && !grow()) return false;
    table_.starts.push_back(start);
    table_.rules.push_back(index_of(key));
    last_ = key;
    return true;
  }

  UnwindTable take() { return std::move(table_); }

 private:
  void drop_last();
  bool grow();
  void grow_slots();
  std::size_t first_slot(std::uint64_t key) const { return key * 0x9e3779b97f4a7c15 >> (64 - slot_bits_); }
  std::uint16_t index_of(std::uint64_t key);

  UnwindTable table_;
  std::uint64_t last_ = 0;  // rule of the last row; before the first one INVALID holds
  std::size_t byte_limit_;
  std::size_t room_ = 0;              // rows for which there is memory
  unsigned slot_bits_ = 8;            // as few as do, so that they stay in the first cache
  std::vector<std::uint16_t> slots_;  // open addressing: index into distinct, 0 is free
};

}  // namespace weir::profiler
