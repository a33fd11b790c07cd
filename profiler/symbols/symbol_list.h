// What .symtab, .dynsym and the procedure linkage table say of a file's code, put in order: one symbol for
// each address.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "profiler/symbols/bytes.h"
#include "profiler/symbols/elf.h"

namespace weir::profiler {

// An ELF file that has symbols.
struct SymbolSource {
  const Elf* elf = nullptr;
  std::shared_ptr<const Bytes> bytes;  // the names stay in them
};
inline constexpr std::size_t kMaxSymbolSources = 2;

// A symbol's name: two bits for the string table, one that says that it is a stub which jumps to the function
// of that name, the rest for the offset in the table.
inline constexpr unsigned kNameTableShift = 30;
inline constexpr std::uint32_t kStubName = 1u << 29;
inline constexpr std::uint32_t kNameOffset = kStubName - 1;

struct RawSymbol {
  std::uint32_t start = 0;  // from SymbolList::base
  std::uint32_t size = 0;   // 0: not told
  std::uint32_t name = 0;
  std::uint32_t rank = 0;  // of several names for the same code the lowest stands

  // An address with a name, not known to be a function.
  bool is_label() const;
};

struct SymbolStrings {
  std::shared_ptr<const Bytes> bytes;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct SymbolList {
  std::uint64_t base = 0;          // where the code of all sources begins
  std::vector<RawSymbol> symbols;  // by start, one for each
  // Of each source: of .symtab, of .dynsym.
  std::array<SymbolStrings, 2 * kMaxSymbolSources> strings;
};

// At an address that several sources name, the first of them has the say. More than `most` symbols are an
// error.
Result<SymbolList> read_symbols(std::span<const SymbolSource> sources, std::size_t most);

}  // namespace weir::profiler
