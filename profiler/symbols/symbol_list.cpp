#include "profiler/symbols/symbol_list.h"

#include <elf.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "profiler/symbols/plt.h"
#include "profiler/symbols/unpack.h"

namespace weir::profiler {
namespace {

constexpr std::size_t kMaxRankedStrings = 32u << 20;  // larger string tables are not read for ranking
constexpr std::size_t kRanked = 16;                   // characters of a name that its rank depends on
constexpr std::uint64_t kMaxSymbols = 16u << 20;      // looked at, functions or not
constexpr std::size_t kMaxUnpacked = 64u << 20;       // of a compressed section

bool is_function(unsigned type) {
  return type == STT_FUNC || type == STT_GNU_IFUNC;
}

// Of several names for the same code the lowest rank stands: one with a size,
// that others may use, and that looks least internal.
constexpr std::uint32_t kSizeless = 1u << 3;
constexpr std::uint32_t kLabel = 1u << 2;  // an address with a name, not known to be a function
constexpr std::uint32_t kLocal = 1u << 1;
constexpr std::uint32_t kWeak = 1u << 0;

std::uint32_t rank_of(const Elf64_Sym& symbol) {
  unsigned binding = ELF64_ST_BIND(symbol.st_info);
  return (symbol.st_size == 0 ? kSizeless : 0) | (is_function(ELF64_ST_TYPE(symbol.st_info)) ? 0 : kLabel) |
         (binding == STB_LOCAL ? kLocal : 0) | (binding == STB_WEAK ? kWeak : 0);
}

// Indexes by address, sorted by one byte after the other: a third of std::sort's time.
std::vector<std::uint32_t> order_by_start(std::span<const RawSymbol> symbols) {
  constexpr unsigned kBytes = 4;
  std::vector<std::uint64_t> keys(symbols.size());  // start, then index
  std::vector<std::uint64_t> sorted(symbols.size());
  std::array<std::array<std::uint32_t, 256>, kBytes> counts{};
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    std::uint32_t start = symbols[i].start;
    keys[i] = std::uint64_t{start} << 32 | i;
    for (unsigned byte = 0; byte < kBytes; ++byte) ++counts[byte][start >> 8 * byte & 0xff];
  }
  for (unsigned byte = 0; byte < kBytes; ++byte) {
    std::array<std::uint32_t, 256> places{};
    for (std::size_t i = 1; i < places.size(); ++i) places[i] = places[i - 1] + counts[byte][i - 1];
    for (std::uint64_t key : keys) sorted[places[key >> (32 + 8 * byte) & 0xff]++] = key;
    keys.swap(sorted);
  }
  std::vector<std::uint32_t> order(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) order[i] = static_cast<std::uint32_t>(keys[i]);
  return order;
}

class SymbolReader {
 public:
  SymbolReader(std::span<const SymbolSource> sources, std::size_t most)
      : sources_(sources.first(std::min(sources.size(), kMaxSymbolSources))), most_(most) {
    list_.base = UINT64_MAX;
    for (const SymbolSource& source : sources_)
      if (!source.elf->code().empty()) list_.base = std::min(list_.base, source.elf->code().front().first);
  }

  Result<SymbolList> build();

 private:
  std::unexpected<Error> too_many() const { return fail("more than {} symbols", most_); }
  Result<> add(const SymbolSource& source, std::uint32_t type, std::uint32_t strings);
  Result<> add_stubs(const SymbolSource& source, std::uint32_t strings);
  void begin(const SymbolSource& source, std::uint32_t strings);
  Result<> end();
  bool open_strings(const SymbolSource& source, const ElfSection& section, SymbolStrings& strings);
  Result<> read_symbols(const Bytes& bytes, std::uint64_t offset, std::uint64_t count);
  Result<> take(const Elf64_Sym& symbol);
  // The first characters of a name of the table being read.
  std::string_view ranking_name(std::uint32_t offset);
  bool stands_before(const RawSymbol& symbol, const RawSymbol& other);
  void merge_aliases();
  std::vector<RawSymbol> combine() const;
  std::uint64_t end_of_code(std::uint64_t address);

  std::span<const SymbolSource> sources_;
  std::size_t most_;
  std::uint32_t reading_ = 0;                     // which of the strings
  const Elf* elf_ = nullptr;                      // of the table being read
  std::pair<std::uint64_t, std::uint64_t> code_;  // where the last symbol lay
  std::string ranking_strings_;
  bool ranking_read_ = false;
  std::vector<RawSymbol> raw_;   // of the table being read
  std::vector<RawSymbol> done_;  // of those before it; one for each address
  SymbolList list_;
};

Result<SymbolList> SymbolReader::build() {
  for (std::size_t i = 0; i < sources_.size(); ++i) {
    auto strings = static_cast<std::uint32_t>(2 * i);
    if (auto ok = add(sources_[i], SHT_SYMTAB, strings); !ok) return fail(ok.error());
    if (auto ok = add(sources_[i], SHT_DYNSYM, strings + 1); !ok) return fail(ok.error());
    if (auto ok = add_stubs(sources_[i], strings + 1); !ok) return fail(ok.error());
  }
  list_.symbols = std::move(done_);
  return std::move(list_);
}

Result<> SymbolReader::add(const SymbolSource& source, std::uint32_t type, std::uint32_t strings) {
  const auto& sections = source.elf->sections();
  auto section = std::ranges::find(sections, type, &ElfSection::type);
  if (section == sections.end() || section->entry_size != sizeof(Elf64_Sym)) return {};
  if (!open_strings(source, *section, list_.strings[strings])) return {};
  begin(source, strings);
  Result<> ok;
  if ((section->flags & SHF_COMPRESSED) != 0) {
    auto content = read_section(*source.bytes, *section, kMaxUnpacked);
    if (content) ok = read_symbols(MemoryBytes(*content), 0, content->size() / sizeof(Elf64_Sym));
  } else {
    ok = read_symbols(*source.bytes, section->offset, section->size / sizeof(Elf64_Sym));
  }
  return ok ? end() : ok;
}

void SymbolReader::begin(const SymbolSource& source, std::uint32_t strings) {
  elf_ = source.elf;
  code_ = {};
  reading_ = strings;
}

Result<> SymbolReader::end() {
  if (!raw_.empty()) {
    merge_aliases();
    done_ = done_.empty() ? std::move(raw_) : combine();
    raw_ = {};
  }
  ranking_strings_ = {};
  ranking_read_ = false;
  if (done_.size() > most_) return too_many();
  return {};
}

// They are worth less than the rest of a file: as many are taken as there is room for.
Result<> SymbolReader::add_stubs(const SymbolSource& source, std::uint32_t strings) {
  if (done_.size() >= most_ || list_.strings[strings].size == 0) return {};
  begin(source, strings);
  for (const PltStub& stub : read_plt(*source.elf, *source.bytes, most_ - done_.size())) {
    if (stub.name >= list_.strings[strings].size || stub.start < list_.base) continue;
    std::uint64_t code_end = end_of_code(stub.start);
    if (code_end == 0 || code_end - list_.base > UINT32_MAX) continue;
    raw_.push_back({.start = static_cast<std::uint32_t>(stub.start - list_.base),
                    .size = stub.size,
                    .name = strings << kNameTableShift | kStubName | stub.name,
                    .rank = 0});
  }
  return end();
}

// Names of a compressed string table are kept unpacked; of others, in the file.
bool SymbolReader::open_strings(const SymbolSource& source, const ElfSection& section,
                                SymbolStrings& strings) {
  const auto& sections = source.elf->sections();
  if (section.link >= sections.size() || sections[section.link].type != SHT_STRTAB) return false;
  const ElfSection& names = sections[section.link];
  if ((names.flags & SHF_COMPRESSED) != 0) {
    auto content = read_section(*source.bytes, names, kMaxUnpacked);
    if (!content) return false;
    strings = {.bytes = std::make_shared<OwnedBytes>(std::move(*content)), .offset = 0, .size = 0};
    strings.size = strings.bytes->size();
    return true;
  }
  if (names.offset > source.bytes->size()) return false;
  std::uint64_t size =
      std::min({names.size, source.bytes->size() - names.offset, std::uint64_t{kNameOffset}});
  strings = {.bytes = source.bytes, .offset = names.offset, .size = size};
  return true;
}

Result<> SymbolReader::read_symbols(const Bytes& bytes, std::uint64_t offset, std::uint64_t count) {
  std::vector<Elf64_Sym> chunk(2048);
  count = std::min({count, kMaxSymbols, bytes.size() / sizeof(Elf64_Sym)});
  raw_.reserve(std::min<std::size_t>(count, most_ + 1));
  for (std::uint64_t done = 0; done < count;) {
    std::size_t wanted = std::min<std::uint64_t>(chunk.size(), count - done);
    std::uint64_t at = 0;
    if (__builtin_add_overflow(offset, done * sizeof(Elf64_Sym), &at)) return {};
    std::size_t have = bytes.read(at, chunk.data(), wanted * sizeof(Elf64_Sym)) / sizeof(Elf64_Sym);
    for (std::size_t i = 0; i < have; ++i) {
      if (auto ok = take(chunk[i]); !ok) return ok;
    }
    if (have < wanted) return {};
    done += have;
  }
  return {};
}

// Symbols of the same section follow each other.
std::uint64_t SymbolReader::end_of_code(std::uint64_t address) {
  if (address >= code_.first && address < code_.second) return code_.second;
  std::uint64_t end = elf_->end_of_code(address);
  if (end == 0) return 0;
  code_ = {end == code_.second ? std::min(address, code_.first) : address, end};
  return end;
}

Result<> SymbolReader::take(const Elf64_Sym& symbol) {
  unsigned type = ELF64_ST_TYPE(symbol.st_info);
  bool label = type == STT_NOTYPE;
  if (!label && !is_function(type)) return {};
  if (symbol.st_shndx == SHN_UNDEF || symbol.st_value < list_.base) return {};
  if (symbol.st_name == 0 || symbol.st_name >= list_.strings[reading_].size) return {};
  std::uint64_t code_end = end_of_code(symbol.st_value);
  if (code_end == 0 || code_end - list_.base > UINT32_MAX) return {};
  auto start = static_cast<std::uint32_t>(symbol.st_value - list_.base);
  if (label) {
    // "$x" and "$d" tell code from data on aarch64; ".L" is a label inside a function.
    std::string_view name = ranking_name(symbol.st_name);
    if (name.starts_with('$') || name.starts_with(".L")) return {};
  }
  std::uint64_t size = std::min(symbol.st_size, code_end - symbol.st_value);
  raw_.push_back({.start = start,
                  .size = static_cast<std::uint32_t>(size),
                  .name = reading_ << kNameTableShift | symbol.st_name,
                  .rank = rank_of(symbol)});
  if (raw_.size() <= most_) return {};
  merge_aliases();
  if (raw_.size() > most_ / 2) return too_many();
  return {};
}

// Most files have few aliases, many none: their strings are read at first need.
std::string_view SymbolReader::ranking_name(std::uint32_t offset) {
  const SymbolStrings& strings = list_.strings[reading_];
  if (!ranking_read_ && strings.size <= kMaxRankedStrings) {
    ranking_strings_.resize_and_overwrite(strings.size, [&](char* to, std::size_t) {
      return strings.bytes->read(strings.offset, to, strings.size);
    });
  }
  ranking_read_ = true;
  if (offset >= ranking_strings_.size()) return {};
  return std::string_view(ranking_strings_).substr(offset, kRanked);
}

bool SymbolReader::stands_before(const RawSymbol& symbol, const RawSymbol& other) {
  auto firm = [](const RawSymbol& s) { return s.rank & ~kWeak; };
  if (firm(symbol) != firm(other)) return firm(symbol) < firm(other);
  auto underscores = [&](const RawSymbol& s) {
    std::string_view name = ranking_name(s.name & kNameOffset);
    return std::min(name.find_first_not_of('_'), name.size());
  };
  std::size_t mine = underscores(symbol);
  std::size_t theirs = underscores(other);
  if (mine != theirs) return mine < theirs;
  if (symbol.rank != other.rank) return symbol.rank < other.rank;
  return symbol.name < other.name;
}

// Leaves one symbol for each address: the best name, the largest size.
void SymbolReader::merge_aliases() {
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
    if (stands_before(symbol, best)) best = symbol;
    best.size = size;
  }
  raw_ = std::move(merged);
}

// Where both have a symbol, that of an earlier table stands.
std::vector<RawSymbol> SymbolReader::combine() const {
  std::vector<RawSymbol> all;
  all.reserve(done_.size() + raw_.size());
  std::ranges::set_union(done_, raw_, std::back_inserter(all), {}, &RawSymbol::start, &RawSymbol::start);
  return all;
}

}  // namespace

bool RawSymbol::is_label() const {
  return (rank & kLabel) != 0;
}

Result<SymbolList> read_symbols(std::span<const SymbolSource> sources, std::size_t most) {
  return SymbolReader(sources, most).build();
}

}  // namespace weir::profiler
