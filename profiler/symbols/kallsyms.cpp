#include "profiler/symbols/kallsyms.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>

namespace weir::profiler {
namespace {

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
  };
  std::vector<Raw> raw_;
  std::string names_;
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
  name = name.substr(0, std::min(name.find_first_of("\t "), kMaxName));
  if (address == 0) hidden_ = true;
  if (address < kKernelHalf || name.empty() || is_border(name)) return;
  if (names_.size() + name.size() > kMaxNames) return;
  raw_.push_back({address, static_cast<std::uint32_t>(names_.size()), global});
  names_.append(name).push_back('\0');
}

KernelSymbols KernelSymbols::Reader::finish() {
  // The list is in order but for modules. At one address a global name goes before a local one.
  std::sort(raw_.begin(), raw_.end(), [](const Raw& a, const Raw& b) {
    if (a.address != b.address) return a.address < b.address;
    return a.global != b.global ? a.global : a.name < b.name;
  });
  KernelSymbols symbols;
  symbols.base_ = raw_.front().address;
  symbols.symbols_.reserve(raw_.size());
  std::uint64_t last = 0;
  for (const Raw& raw : raw_) {
    if (raw.address == last || raw.address - symbols.base_ > UINT32_MAX) continue;
    last = raw.address;
    symbols.symbols_.push_back({static_cast<std::uint32_t>(raw.address - symbols.base_), raw.name});
  }
  symbols.symbols_.shrink_to_fit();
  names_.shrink_to_fit();
  symbols.names_ = std::move(names_);
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

std::string_view KernelSymbols::find(std::uint64_t address) const {
  if (address < base_ || address - base_ > UINT32_MAX) return {};
  auto place = static_cast<std::uint32_t>(address - base_);
  auto after = std::upper_bound(symbols_.begin(), symbols_.end(), place,
                                [](std::uint32_t p, const Symbol& symbol) { return p < symbol.start; });
  if (after == symbols_.begin()) return {};
  const Symbol& symbol = *(after - 1);
  if (place - symbol.start > kMaxFunction) return {};
  return names_.c_str() + symbol.name;
}

}  // namespace weir::profiler
