// SymbolTable: the functions of one ELF file (.symtab and .dynsym merged), by
// address. Twelve bytes a symbol; names stay in the file until they are asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"

namespace weir::profiler {

class SymbolTable {
 public:
  // A table that would need more than `byte_limit` bytes is an error; one without symbols is not.
  static Result<SymbolTable> read(const Elf& elf, const Bytes& bytes, std::size_t byte_limit);

  // Index of the symbol that covers the address.
  std::optional<std::uint32_t> find(std::uint64_t address) const;
  // As the file has it, without "@VERSION"; "" when it cannot be read. `bytes` are those of read().
  std::string name(std::uint32_t index, const Bytes& bytes) const;

  // A symbol may stand here twice, when another one lies inside it.
  std::size_t size() const { return symbols_.size(); }
  std::size_t bytes() const { return symbols_.capacity() * sizeof(Symbol); }

 private:
  struct Symbol {
    std::uint32_t start = 0;  // from base_
    std::uint32_t size = 0;
    std::uint32_t name = 0;  // offset in its string table; the top bit says which one
  };
  struct Strings {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  class Builder;

  std::uint64_t base_ = 0;
  std::vector<Symbol> symbols_;  // by start, never overlapping
  Strings strings_[2];           // of .symtab, of .dynsym
};

}  // namespace weir::profiler
