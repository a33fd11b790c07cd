#include "profiler/symbols/kallsyms.h"

#include <unistd.h>

#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

namespace weir::profiler {
namespace {

constexpr std::size_t kBlock = 512;  // symbols; some 13 KB of names, unpacked in some 20 us
constexpr int kLevel = 3;
constexpr std::size_t kMaxNames = 64u << 20;
constexpr std::size_t kMaxName = 512;  // KSYM_NAME_LEN
// No kernel function is larger: farther from the symbol before it, an address is in code that is not listed.
constexpr std::uint32_t kMaxFunction = 64u << 10;
// Below it are user addresses and, on x86-64, the offsets of per-CPU variables.
constexpr std::uint64_t kKernelHalf = 0xff00000000000000;

bool is_code(char type) {
  return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

// Names of borders, not of functions.
bool is_border(std::string_view name) {
  return name == "_text" || name == "_stext" || name == "_etext" || name == "_sinittext" ||
         name == "_einittext";
}

}  // namespace

class KernelSymbols::Reader {
 public:
  Result<KernelSymbols> read(int fd);

 private:
  void take(std::string_view line);
  KernelSymbols finish();

  struct Raw {
    std::uint64_t address;
    std::uint32_t name;
    bool global;
    std::uint32_t module;
  };
  std::uint32_t module_index(std::string_view name);
  void add_run(KernelSymbols& symbols, std::uint32_t module) const;
  void pack(KernelSymbols& symbols, std::string_view names) const;

  std::vector<Raw> raw_;
  std::string names_;
  std::vector<std::string> modules_{""};
  std::unordered_map<std::string, std::uint32_t> module_indexes_;
  bool hidden_ = false;  // code symbols that stand at address 0
};

// "ffffffff81000000 T _stext" or "… t nf_hook\t[nf_tables]".
void KernelSymbols::Reader::take(std::string_view line) {
  std::uint64_t address = 0;
  auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), address, 16);
  if (error != std::errc{}) return;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (line.size() < 4 || line[0] != ' ' || line[2] != ' ' || !is_code(line[1])) return;
  bool global = line[1] == 'T';
  std::string_view name = line.substr(3);
  std::string_view module;
  if (std::size_t end_of_name = name.find_first_of("\t "); end_of_name != std::string_view::npos) {
    module = name.substr(end_of_name + 1);
    name = name.substr(0, end_of_name);
  }
  name = name.substr(0, kMaxName);
  if (address == 0) hidden_ = true;
  if (address < kKernelHalf || name.empty() || is_border(name)) return;
  if (names_.size() + name.size() > kMaxNames) return;
  raw_.push_back({address, static_cast<std::uint32_t>(names_.size()), global, module_index(module)});
  names_.append(name).push_back('\0');
}

// Of "[nf_tables]".
std::uint32_t KernelSymbols::Reader::module_index(std::string_view name) {
  constexpr std::size_t kMaxModules = 4096;
  if (name.size() < 3 || name.front() != '[' || name.back() != ']') return 0;
  name = name.substr(1, std::min(name.size() - 2, kMaxName));
  if (modules_.size() == kMaxModules) return 0;
  auto [at, is_new] =
      module_indexes_.try_emplace(std::string(name), static_cast<std::uint32_t>(modules_.size()));
  if (is_new) modules_.emplace_back(name);
  return at->second;
}

void KernelSymbols::Reader::add_run(KernelSymbols& symbols, std::uint32_t module) const {
  std::uint32_t last = symbols.runs_.empty() ? 0 : symbols.runs_.back().module;
  if (module != last) symbols.runs_.push_back({static_cast<std::uint32_t>(symbols.starts_.size()), module});
}

void KernelSymbols::Reader::pack(KernelSymbols& symbols, std::string_view names) const {
  std::string packed(ZSTD_compressBound(names.size()), '\0');
  std::size_t n = ZSTD_compress(packed.data(), packed.size(), names.data(), names.size(), kLevel);
  if (ZSTD_isError(n) == 0) symbols.names_.append(packed.data(), n);
  symbols.blocks_.push_back(static_cast<std::uint32_t>(symbols.names_.size()));
}

KernelSymbols KernelSymbols::Reader::finish() {
  // The list is in order but for modules. At one address a global name goes before a local one.
  std::sort(raw_.begin(), raw_.end(), [](const Raw& a, const Raw& b) {
    if (a.address != b.address) return a.address < b.address;
    return a.global != b.global ? a.global : a.name < b.name;
  });
  KernelSymbols symbols;
  symbols.base_ = raw_.front().address;
  symbols.starts_.reserve(raw_.size());
  std::uint64_t last = 0;
  std::string block;
  for (const Raw& raw : raw_) {
    if (raw.address == last || raw.address - symbols.base_ > UINT32_MAX) continue;
    last = raw.address;
    add_run(symbols, raw.module);
    symbols.starts_.push_back(static_cast<std::uint32_t>(raw.address - symbols.base_));
    block.append(names_.c_str() + raw.name).push_back('\0');
    if (symbols.starts_.size() % kBlock != 0) continue;
    pack(symbols, block);
    block.clear();
  }
  if (!block.empty()) pack(symbols, block);
  symbols.starts_.shrink_to_fit();
  symbols.names_.shrink_to_fit();
  symbols.modules_ = std::move(modules_);
  return symbols;
}

Result<KernelSymbols> KernelSymbols::Reader::read(int fd) {
  std::string buffer(64u << 10, '\0');
  std::size_t have = 0;
  for (;;) {
    ssize_t n = ::read(fd, buffer.data() + have, buffer.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(errno, "read /proc/kallsyms");
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
    std::string_view text(buffer.data(), have);
    for (std::size_t end = 0; (end = text.find('\n')) != std::string_view::npos; text.remove_prefix(end + 1))
      take(text.substr(0, end));
    if (text.size() == buffer.size()) return fail("read /proc/kallsyms: a line longer than {}", text.size());
    have = text.size();
    std::memmove(buffer.data(), text.data(), have);
  }
  if (!raw_.empty()) return finish();
  if (hidden_) {
    return fail("/proc/kallsyms hides all addresses: set kernel.kptr_restrict to 0 or run with CAP_SYSLOG");
  }
  return fail("/proc/kallsyms lists no code");
}

Result<KernelSymbols> KernelSymbols::read(int fd) {
  return Reader().read(fd);
}

std::size_t KernelSymbols::bytes() const {
  return (starts_.capacity() + blocks_.capacity()) * sizeof(std::uint32_t) + names_.capacity() +
         runs_.capacity() * sizeof(Run) + modules_.capacity() * sizeof(std::string);
}

std::optional<std::uint32_t> KernelSymbols::number_of(std::uint64_t address) const {
  if (address < base_ || address - base_ > UINT32_MAX) return std::nullopt;
  auto place = static_cast<std::uint32_t>(address - base_);
  auto after = std::ranges::upper_bound(starts_, place);
  if (after == starts_.begin() || place - *(after - 1) > kMaxFunction) return std::nullopt;
  return static_cast<std::uint32_t>(after - 1 - starts_.begin());
}

KernelSymbol KernelSymbols::symbol(std::uint32_t number) const {
  auto run = std::ranges::upper_bound(runs_, number, {}, &Run::first);
  std::uint32_t module = run == runs_.begin() ? 0 : (run - 1)->module;
  return {.name = name(number), .module = modules_[module]};
}

std::string KernelSymbols::name(std::size_t symbol) const {
  std::size_t block = symbol / kBlock;
  std::size_t start = block == 0 ? 0 : blocks_[block - 1];
  std::string_view packed = std::string_view(names_).substr(start, blocks_[block] - start);
  unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (size > kBlock * (kMaxName + 1)) return {};
  std::string names(size, '\0');
  std::size_t n = ZSTD_decompress(names.data(), names.size(), packed.data(), packed.size());
  if (ZSTD_isError(n) != 0) return {};
  std::string_view rest = names;
  for (std::size_t skip = symbol % kBlock; skip > 0; --skip) rest.remove_prefix(rest.find('\0') + 1);
  return std::string(rest.substr(0, rest.find('\0')));
}

}  // namespace weir::profiler
