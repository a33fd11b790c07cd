// GoValues: one table of .gopclntab that gives a value for each place in a
// function: a line, a file, a distance of the stack pointer.
#pragma once

#include <cstdint>

#include "profiler/symbols/bytes.h"

namespace weir::profiler {

class GoValues {
 public:
  // `at` and `limit` are offsets in the file: of the table, and of what it cannot reach beyond.
  GoValues(const Bytes& bytes, std::uint64_t at, std::uint64_t limit, std::uint32_t quantum)
      : bytes_(bytes), next_(at), limit_(limit), quantum_(quantum) {}

  // To the next range. False after the last, and where the bytes make no sense.
  bool next();
  // The value holds in [start, end), bytes from the function's start.
  std::uint32_t start() const { return start_; }
  std::uint32_t end() const { return end_; }
  std::int32_t value() const { return value_; }

 private:
  bool number(std::uint32_t& to);
  bool refill();

  const Bytes& bytes_;
  std::uint64_t next_;
  std::uint64_t limit_;
  std::uint32_t quantum_;
  std::uint32_t start_ = 0;
  std::uint32_t end_ = 0;
  std::int32_t value_ = -1;
  std::uint32_t at_ = 0;
  std::uint32_t have_ = 0;
  std::uint8_t buffer_[128];
};

}  // namespace weir::profiler
