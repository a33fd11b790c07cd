// KernelSymbols: the code of the kernel and its modules by name, from the text
// of /proc/kallsyms. About 12 bytes a symbol, 1.5 MB in all: names are kept
// compressed, and those of a few hundred addresses are ever asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace weir::profiler {

struct KernelSymbol {
  std::string name;    // "" when no symbol stands before the address
  std::string module;  // "nf_tables", "bpf"; "" of the kernel itself
};

// Immutable, and safe to ask from several threads.
class KernelSymbols {
 public:
  // Reads an open /proc/kallsyms to its end. Fails when the kernel hides the
  // addresses (kernel.kptr_restrict), and says so.
  static Result<KernelSymbols> read(int fd);

  // What lies at an address, in two steps: a name costs much more than its number.
  std::optional<std::uint32_t> number_of(std::uint64_t address) const;
  KernelSymbol symbol(std::uint32_t number) const;

  std::size_t size() const { return starts_.size(); }
  std::size_t bytes() const;

 private:
  // Neighbouring symbols of one module.
  struct Run {
    std::uint32_t first = 0;   // symbol
    std::uint32_t module = 0;  // index in modules_; 0: the kernel itself
  };
  class Reader;

  std::string name(std::size_t symbol) const;

  std::uint64_t base_ = 0;
  std::vector<std::uint32_t> starts_;  // from base_, ascending
  // The names of a block of symbols each, each name with a zero byte behind it; compressed by zstd.
  std::string names_;
  std::vector<std::uint32_t> blocks_;  // where each ends in names_
  std::vector<Run> runs_;
  std::vector<std::string> modules_;
};

}  // namespace weir::profiler
