// SymbolTable: the functions of one ELF file by address, from its .symtab and
// .dynsym and those of its debug file. Twelve bytes a symbol; names stay in
// their files until they are asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "profiler/symbols/symbol_list.h"

namespace weir::profiler {

inline constexpr std::string_view kStubSuffix = "@plt";

// Immutable, and safe to ask from several threads.
class SymbolTable {
 public:
  // At an address that several sources name, the first of them has the say. A table that would need
  // more than `byte_limit` bytes is an error; one without symbols is not.
  static Result<SymbolTable> read(std::span<const SymbolSource> sources, std::size_t byte_limit);

  // Index of the symbol that covers the address.
  std::optional<std::uint32_t> find(std::uint64_t address) const;
  // As the file has it, without "@VERSION"; with kStubSuffix behind it for a stub of the procedure linkage
  // table; "" when it cannot be read any more.
  std::string name(std::uint32_t index) const;

  // A symbol may stand here twice, when another one lies inside it.
  std::size_t size() const { return symbols_.size(); }
  // Of our own memory.
  std::size_t bytes() const;

 private:
  struct Symbol {
    std::uint32_t start = 0;  // from base_
    std::uint32_t size = 0;
    std::uint32_t name = 0;  // which of strings_, and the offset there
  };
  class Flattener;

  std::uint64_t base_ = 0;
  std::vector<Symbol> symbols_;  // by start, never overlapping
  decltype(SymbolList::strings) strings_;
};

}  // namespace weir::profiler
