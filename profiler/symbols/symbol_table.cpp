#include "profiler/symbols/symbol_table.h"

#include <elf.h>

#include <algorithm>
#include <string_view>
#include <tuple>

namespace weir::profiler {
namespace {

constexpr std::uint32_t kDynamic = 0x80000000;        // top bit of a name: in .dynsym's strings
constexpr std::size_t kMaxRankedStrings = 32u << 20;  // larger string tables are not read for ranking
constexpr std::size_t kRanked = 16;                   // characters of a name that its rank depends on
constexpr std::size_t kMaxName = 8192;
constexpr std::uint64_t kMaxSymbols = 16u << 20;  // looked at, functions or not

bool is_function(unsigned type) {
  return type == STT_FUNC || type == STT_GNU_IFUNC;
}

// Of several names for the same code the lowest rank stands: one with a size,
// that others may use, and that looks least internal.
constexpr std::uint32_t kLabel = 1u << 6;  // an address with a name, not known to be a function

std::uint32_t rank_of(const Elf64_Sym& symbol, std::string_view name) {
  unsigned type = ELF64_ST_TYPE(symbol.st_info);
  unsigned binding = ELF64_ST_BIND(symbol.st_info);
  std::uint32_t underscores = 0;
  while (underscores < 15 && underscores < name.size() && name[underscores] == '_') ++underscores;
  std::uint32_t rank = symbol.st_size == 0 ? 1 : 0;
  rank = rank << 1 | (is_function(type) ? 0 : 1);
  rank = rank << 1 | (binding == STB_LOCAL ? 1 : 0);
  rank = rank << 4 | underscores;
  rank = rank << 1 | (binding == STB_WEAK ? 1 : 0);
  return rank;
}

struct RawSymbol {
  std::uint64_t start = 0;
  std::uint32_t size = 0;
  std::uint32_t name = 0;
  std::uint32_t rank = 0;

  bool label() const { return (rank & kLabel) != 0; }
};

// Indexes by address, sorted by one byte after the other: a third of std::sort's
// time. Addresses farther than 4 GB from the first are left out.
std::vector<std::uint32_t> order_by_start(const std::vector<RawSymbol>& symbols) {
  std::uint64_t base = UINT64_MAX;
  for (const RawSymbol& symbol : symbols) base = std::min(base, symbol.start);
  std::vector<std::uint64_t> keys;  // distance from the first, then index
  keys.reserve(symbols.size());
  for (std::size_t i = 0; i < symbols.size(); ++i)
    if (symbols[i].start - base <= UINT32_MAX) keys.push_back((symbols[i].start - base) << 32 | i);
  std::vector<std::uint64_t> sorted(keys.size());
  for (unsigned shift = 32; shift < 64; shift += 8) {
    std::size_t places[257] = {};
    for (std::uint64_t key : keys) ++places[(key >> shift & 0xff) + 1];
    for (std::size_t byte = 0; byte < 256; ++byte) places[byte + 1] += places[byte];
    for (std::uint64_t key : keys) sorted[places[key >> shift & 0xff]++] = key;
    keys.swap(sorted);
  }
  std::vector<std::uint32_t> order;
  order.reserve(keys.size());
  for (std::uint64_t key : keys) order.push_back(static_cast<std::uint32_t>(key));
  return order;
}

}  // namespace

class SymbolTable::Builder {
 public:
  Builder(const Elf& elf, const Bytes& bytes, std::size_t byte_limit)
      : elf_(elf), bytes_(bytes), byte_limit_(byte_limit) {}

  Result<SymbolTable> build() {
    if (auto ok = add(SHT_SYMTAB, 0, 0); !ok) return fail(ok.error());
    if (auto ok = add(SHT_DYNSYM, 1, kDynamic); !ok) return fail(ok.error());
    merge_aliases();
    flatten();
    table_.symbols_.shrink_to_fit();
    if (table_.bytes() > byte_limit_) return too_large();
    return std::move(table_);
  }

 private:
  std::unexpected<Error> too_large() const {
    return fail("its symbols need more than {} bytes", byte_limit_);
  }
  const ElfSection* find_section(std::uint32_t type) const {
    for (const ElfSection& section : elf_.sections())
      if (section.type == type) return &section;
    return nullptr;
  }
  Result<> add(std::uint32_t type, int strings, std::uint32_t name_bit);
  Result<> read_symbols(const ElfSection& section, std::uint64_t strings_size, std::uint32_t name_bit);
  Result<> take(const Elf64_Sym& symbol, std::uint64_t strings_size, std::uint32_t name_bit);
  // The first characters, and what follows the name when it is shorter.
  std::string_view ranking_name(std::uint32_t offset) const;
  void merge_aliases();
  void flatten();
  void emit(std::uint64_t start, std::uint64_t end, std::uint32_t name);

  const Elf& elf_;
  const Bytes& bytes_;
  std::size_t byte_limit_;
  std::string ranking_strings_;  // of the table being read
  std::vector<RawSymbol> raw_;
  SymbolTable table_;
};

Result<> SymbolTable::Builder::add(std::uint32_t type, int strings, std::uint32_t name_bit) {
  const ElfSection* section = find_section(type);
  if (section == nullptr || section->entry_size != sizeof(Elf64_Sym)) return {};
  if (section->link >= elf_.sections().size()) return {};
  const ElfSection& names = elf_.sections()[section->link];
  if (names.type != SHT_STRTAB || names.offset > bytes_.size()) return {};
  std::uint64_t size = std::min({names.size, bytes_.size() - names.offset, std::uint64_t{kDynamic - 1}});
  table_.strings_[strings] = {names.offset, size};
  ranking_strings_.clear();
  if (size <= kMaxRankedStrings) {
    ranking_strings_.resize_and_overwrite(
        size, [&](char* to, std::size_t room) { return bytes_.read(names.offset, to, room); });
  }
  auto ok = read_symbols(*section, size, name_bit);
  ranking_strings_ = {};
  return ok;
}

Result<> SymbolTable::Builder::read_symbols(const ElfSection& section, std::uint64_t strings_size,
                                            std::uint32_t name_bit) {
  std::vector<Elf64_Sym> chunk(2048);
  std::uint64_t count = std::min(section.size / sizeof(Elf64_Sym), kMaxSymbols);
  for (std::uint64_t done = 0; done < count;) {
    std::size_t wanted = std::min<std::uint64_t>(chunk.size(), count - done);
    std::uint64_t offset = 0;
    if (__builtin_add_overflow(section.offset, done * sizeof(Elf64_Sym), &offset)) return {};
    std::size_t have = bytes_.read(offset, chunk.data(), wanted * sizeof(Elf64_Sym)) / sizeof(Elf64_Sym);
    for (std::size_t i = 0; i < have; ++i) {
      if (auto ok = take(chunk[i], strings_size, name_bit); !ok) return ok;
    }
    if (have < wanted) return {};
    done += have;
  }
  return {};
}

Result<> SymbolTable::Builder::take(const Elf64_Sym& symbol, std::uint64_t strings_size,
                                    std::uint32_t name_bit) {
  unsigned type = ELF64_ST_TYPE(symbol.st_info);
  bool label = type == STT_NOTYPE;
  if (!label && !is_function(type)) return {};
  if (symbol.st_shndx == SHN_UNDEF || symbol.st_value == 0) return {};
  if (symbol.st_name == 0 || symbol.st_name >= strings_size) return {};
  std::uint64_t code_end = elf_.end_of_code(symbol.st_value);
  if (code_end == 0) return {};
  std::string_view name = ranking_name(symbol.st_name);
  // "$x" and "$d" tell code from data on aarch64; ".L" is a label inside a function.
  if (label && (name.starts_with('$') || name.starts_with(".L"))) return {};
  std::uint64_t size = std::min({symbol.st_size, code_end - symbol.st_value, std::uint64_t{UINT32_MAX}});
  raw_.push_back(
      {symbol.st_value, static_cast<std::uint32_t>(size), symbol.st_name | name_bit, rank_of(symbol, name)});
  if (raw_.size() * sizeof(Symbol) <= byte_limit_) return {};
  merge_aliases();
  if (raw_.size() * sizeof(Symbol) > byte_limit_ / 2) return too_large();
  return {};
}

std::string_view SymbolTable::Builder::ranking_name(std::uint32_t offset) const {
  if (offset >= ranking_strings_.size()) return {};
  return std::string_view(ranking_strings_).substr(offset, kRanked);
}

// Leaves one symbol for each address: the best name, the largest size.
void SymbolTable::Builder::merge_aliases() {
  std::vector<RawSymbol> merged;
  merged.reserve(raw_.size());
  for (std::uint32_t index : order_by_start(raw_)) {
    const RawSymbol& symbol = raw_[index];
    if (merged.empty() || merged.back().start != symbol.start) {
      merged.push_back(symbol);
      continue;
    }
    RawSymbol& best = merged.back();
    std::uint32_t size = std::max(best.size, symbol.size);
    if (std::tie(symbol.rank, symbol.name) < std::tie(best.rank, best.name)) best = symbol;
    best.size = size;
  }
  raw_ = std::move(merged);
}

void SymbolTable::Builder::emit(std::uint64_t start, std::uint64_t end, std::uint32_t name) {
  if (start >= end || end - table_.base_ > UINT32_MAX) return;
  table_.symbols_.push_back(
      {static_cast<std::uint32_t>(start - table_.base_), static_cast<std::uint32_t>(end - start), name});
}

// A symbol inside another one takes its part of it; what is left of the outer
// one before and after keeps the outer name. A symbol without a size reaches to
// the next one, or to the end of what it stands in.
void SymbolTable::Builder::flatten() {
  if (raw_.empty()) return;
  table_.base_ = raw_.front().start;
  table_.symbols_.reserve(raw_.size());
  struct Open {
    std::uint64_t end;
    std::uint32_t name;
  };
  std::vector<Open> open;
  std::uint64_t at = table_.base_;  // everything before it is decided
  auto close_until = [&](std::uint64_t limit) {
    while (!open.empty() && open.back().end <= limit) {
      emit(at, open.back().end, open.back().name);
      at = std::max(at, open.back().end);
      open.pop_back();
    }
  };
  for (std::size_t i = 0; i < raw_.size(); ++i) {
    const RawSymbol& symbol = raw_[i];
    close_until(symbol.start);
    bool inside = !open.empty();
    if (inside && symbol.size == 0 && symbol.label()) continue;
    if (inside) emit(at, symbol.start, open.back().name);
    at = symbol.start;
    std::uint64_t end = symbol.start + symbol.size;
    if (symbol.size == 0) {
      end = inside ? open.back().end : elf_.end_of_code(symbol.start);
      if (i + 1 < raw_.size()) end = std::min(end, raw_[i + 1].start);
    }
    open.push_back({end, symbol.name});
  }
  close_until(UINT64_MAX);
}

Result<SymbolTable> SymbolTable::read(const Elf& elf, const Bytes& bytes, std::size_t byte_limit) {
  return Builder(elf, bytes, byte_limit).build();
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

std::string SymbolTable::name(std::uint32_t index, const Bytes& bytes) const {
  const Symbol& symbol = symbols_[index];
  const Strings& strings = strings_[(symbol.name & kDynamic) != 0 ? 1 : 0];
  std::uint64_t offset = symbol.name & ~kDynamic;
  std::string name;
  char chunk[256];
  while (name.size() < kMaxName && offset < strings.size) {
    std::size_t wanted = std::min<std::uint64_t>(sizeof chunk, strings.size - offset);
    std::size_t have = bytes.read(strings.offset + offset, chunk, wanted);
    std::size_t length = ::strnlen(chunk, have);
    name.append(chunk, length);
    if (length < have || have < wanted) break;
    offset += have;
  }
  // "memcpy@@GLIBC_2.14": the version is no part of the name.
  if (std::size_t version = name.find('@'); version != std::string::npos && version > 0) name.resize(version);
  return name;
}

}  // namespace weir::profiler
