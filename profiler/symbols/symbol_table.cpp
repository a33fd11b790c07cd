#include "profiler/symbols/symbol_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace weir::profiler {
namespace {

constexpr std::size_t kMaxName = 8192;

}  // namespace

class SymbolTable::Flattener {
 public:
  Flattener(std::span<const SymbolSource> sources, const SymbolList& list, SymbolTable& table)
      : sources_(sources), list_(list), table_(table) {}
  void flatten();

 private:
  void emit(std::uint64_t start, std::uint64_t end, std::uint32_t name);
  std::uint64_t end_of_code(std::uint32_t start) const;

  std::span<const SymbolSource> sources_;
  const SymbolList& list_;
  SymbolTable& table_;
};

void SymbolTable::Flattener::emit(std::uint64_t start, std::uint64_t end, std::uint32_t name) {
  if (start >= end) return;
  table_.symbols_.push_back(
      {static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(end - start), name});
}

std::uint64_t SymbolTable::Flattener::end_of_code(std::uint32_t start) const {
  for (const SymbolSource& source : sources_) {
    if (std::uint64_t end = source.elf->end_of_code(list_.base + start); end != 0) return end - list_.base;
  }
  return start;
}

// A symbol inside another one takes its part of it; what is left of the outer
// one before and after keeps the outer name. A symbol without a size reaches to
// the next one, or to the end of what it stands in.
void SymbolTable::Flattener::flatten() {
  const std::vector<RawSymbol>& symbols = list_.symbols;
  table_.symbols_.reserve(symbols.size());
  struct Open {
    std::uint64_t end;
    std::uint32_t name;
  };
  std::vector<Open> open;
  std::uint64_t at = 0;  // everything before it is decided
  auto close_until = [&](std::uint64_t limit) {
    while (!open.empty() && open.back().end <= limit) {
      emit(at, open.back().end, open.back().name);
      at = std::max(at, open.back().end);
      open.pop_back();
    }
  };
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    const RawSymbol& symbol = symbols[i];
    close_until(symbol.start);
    bool inside = !open.empty();
    if (inside && symbol.size == 0 && symbol.is_label()) continue;
    if (inside) emit(at, symbol.start, open.back().name);
    at = symbol.start;
    std::uint64_t end = std::uint64_t{symbol.start} + symbol.size;
    if (symbol.size == 0) {
      end = inside ? open.back().end : end_of_code(symbol.start);
      if (i + 1 < symbols.size()) end = std::min<std::uint64_t>(end, symbols[i + 1].start);
    }
    open.push_back({end, symbol.name});
  }
  close_until(UINT64_MAX);
}

Result<SymbolTable> SymbolTable::read(std::span<const SymbolSource> sources, std::size_t byte_limit) {
  auto list = read_symbols(sources, byte_limit / sizeof(Symbol));
  if (!list) return fail("its symbols need more than {} bytes", byte_limit);
  SymbolTable table;
  table.base_ = list->base;
  table.strings_ = std::move(list->strings);
  Flattener(sources, *list, table).flatten();
  table.symbols_.shrink_to_fit();
  if (table.bytes() > byte_limit) return fail("its symbols need more than {} bytes", byte_limit);
  return table;
}

std::size_t SymbolTable::bytes() const {
  std::size_t bytes = symbols_.capacity() * sizeof(Symbol);
  for (const SymbolStrings& strings : strings_)
    if (strings.bytes) bytes += strings.bytes->memory();
  return bytes;
}

std::optional<std::uint32_t> SymbolTable::find(std::uint64_t address) const {
  if (address < base_ || address - base_ > UINT32_MAX) return std::nullopt;
  auto place = static_cast<std::uint32_t>(address - base_);
  auto after = std::upper_bound(symbols_.begin(), symbols_.end(), place,
                                [](std::uint32_t p, const Symbol& symbol) { return p < symbol.start; });
  if (after == symbols_.begin()) return std::nullopt;
  const Symbol& symbol = *(after - 1);
  if (place - symbol.start >= symbol.size) return std::nullopt;
  return static_cast<std::uint32_t>(after - 1 - symbols_.begin());
}

std::string SymbolTable::name(std::uint32_t index) const {
  const Symbol& symbol = symbols_[index];
  const SymbolStrings& strings = strings_[symbol.name >> kNameTableShift];
  std::uint64_t offset = symbol.name & kNameOffset;
  std::string name;
  char chunk[256];
  while (name.size() < kMaxName && offset < strings.size) {
    std::size_t wanted = std::min<std::uint64_t>(sizeof chunk, strings.size - offset);
    std::size_t have = strings.bytes->read(strings.offset + offset, chunk, wanted);
    std::size_t length = ::strnlen(chunk, have);
    name.append(chunk, length);
    if (length < have || have < wanted) break;
    offset += have;
  }
  if (strings.bytes && !strings.bytes->unchanged()) return {};
  // "memcpy@@GLIBC_2.14": the version is no part of the name.
  if (std::size_t version = name.find('@'); version != std::string::npos && version > 0) name.resize(version);
  if ((symbol.name & kStubName) != 0 && !name.empty()) name += kStubSuffix;
  return name;
}

}  // namespace weir::profiler
