// GoTable: the functions of a Go program by address, with file and line, and
// what was inlined (.gopclntab). Eight bytes a function; the rest stays in the
// file until it is asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "profile/frame.h"
#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"
#include "profiler/symbols/go_layout.h"

namespace weir::profiler {

// What the table keeps of a function, each an offset in its part.
struct GoRecord {
  std::uint32_t name = 0;
  std::uint32_t stack_table = 0;  // distance of the stack pointer from its value at the start; 0: none
  std::uint32_t file_table = 0;
  std::uint32_t line_table = 0;
  std::uint32_t unit = 0;
  std::uint32_t value_tables = 0;  // how many more
  std::uint8_t flags = 0;          // kGo…; none before Go 1.17
  std::uint8_t data = 0;           // how many
  std::uint64_t rest = 0;          // offset in the file of the tables' and data's places
};
inline constexpr std::uint8_t kGoTopFrame = 1;
inline constexpr std::uint8_t kGoWritesStackPointer = 2;
inline constexpr std::uint8_t kGoAssembly = 4;

class GoTable {
 public:
  // A file without one gives an empty table, as does a broken one; one that
  // would need more than `byte_limit` bytes is an error.
  static Result<GoTable> read(const Elf& elf, const Bytes& bytes, std::size_t byte_limit);

  std::size_t size() const { return functions_.empty() ? 0 : functions_.size() - 1; }
  std::size_t bytes() const { return functions_.capacity() * sizeof(Function); }
  const GoLayout& layout() const { return layout_; }

  // Index of the function that covers the address.
  std::optional<std::uint32_t> find(std::uint64_t address) const;
  std::uint64_t start(std::uint32_t index) const { return base_ + functions_[index].start; }
  std::uint64_t end(std::uint32_t index) const { return base_ + functions_[index + 1].start; }

  // `bytes` are those of read(), here and below.
  std::optional<GoRecord> record(std::uint32_t index, const Bytes& bytes) const;
  std::string name(const GoRecord& record, const Bytes& bytes) const;
  // Innermost first; empty when the table is broken there.
  std::vector<profile::Line> lines(std::uint64_t address, const Bytes& bytes) const;

 private:
  struct Function {
    std::uint32_t start = 0;   // from base_
    std::uint32_t record = 0;  // from layout_.records
  };
  struct Inlined {
    std::uint32_t name = 0;
    std::uint32_t call = 0;  // place of the call in the function
  };
  class Budget;

  Result<> read_functions(const Elf& elf, const Bytes& bytes);
  std::optional<std::int32_t> value(std::uint32_t table, std::uint32_t place, const Bytes& bytes,
                                    Budget& budget) const;
  std::string file(const GoRecord& record, std::int32_t number, const Bytes& bytes) const;
  std::optional<Inlined> inlined(const GoRecord& record, std::uint32_t place, const Bytes& bytes,
                                 Budget& budget) const;

  GoLayout layout_;
  std::uint64_t base_ = 0;
  std::vector<Function> functions_;  // ascending; the last one is only an end
};

}  // namespace weir::profiler
