// KernelSymbols: the code of the kernel and its modules by name, from the text
// of /proc/kallsyms. About 30 bytes a symbol, 4 MB in all.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::profiler {

class KernelSymbols {
 public:
  // Reads an open /proc/kallsyms to its end. Fails when the kernel hides the
  // addresses (kernel.kptr_restrict), and says so.
  static Result<KernelSymbols> read(int fd);

  // "" when no symbol stands before the address.
  std::string_view find(std::uint64_t address) const;

  std::size_t size() const { return symbols_.size(); }
  std::size_t bytes() const { return symbols_.capacity() * sizeof(Symbol) + names_.capacity(); }

 private:
  struct Symbol {
    std::uint32_t start = 0;  // from base_
    std::uint32_t name = 0;   // offset in names_, ends with a zero byte
  };
  class Reader;

  std::uint64_t base_ = 0;
  std::vector<Symbol> symbols_;  // by start
  std::string names_;
};

}  // namespace weir::profiler
