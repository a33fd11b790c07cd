#include "profiler/symbols/symbolizer.h"

#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "profiler/symbols/demangle.h"

namespace weir::profiler {
namespace {

using profile::NoName;

constexpr std::string_view kKernel = "[kernel]";
constexpr std::size_t kMaxKeptNames = 2u << 20;  // bytes
constexpr std::size_t kBytesPerName = 64;
constexpr std::size_t kMaxKernelNames = 4096;
// Names read in one go: also from a slow disk that is soon over.
constexpr std::size_t kReadAtOnce = 64;

NamedFrame unnamed(NoName reason, std::uint64_t address, std::shared_ptr<const std::string> why = nullptr) {
  return {.no_name = reason, .address = address, .why = std::move(why)};
}

NamedFrame named(std::string name, std::uint64_t address) {
  return {.address = address, .lines = {{.function = std::move(name), .file = {}}}};
}

class SharingSymbolizer : public Symbolizer {
 public:
  SharingSymbolizer(std::shared_ptr<SymbolFiles> files, const SessionLimits& limits, Demangle mode)
      : share_(std::move(files), limits), mode_(mode) {}

  void set_limits(SessionLimits limits) override { share_.set_limits(limits); }
  void set_demangle(Demangle mode) override {
    if (mode != mode_) forget_names();
    mode_ = mode;
  }
  void end_window() override;
  void prepare(const ModuleFile& module, std::span<const std::uint64_t> file_offsets) override;
  NamedFrame name(const ModuleFile& module, std::uint64_t file_offset) override;
  NamedFrame name_kernel(std::uint64_t address) override;
  std::vector<SymbolFileInfo> files() const override { return share_.files().infos(); }

 private:
  // Demangled names by symbol: one that was seen once is seen again, at another place.
  struct Names {
    std::weak_ptr<const SymbolFile> file;
    std::unordered_map<std::uint32_t, std::string> by_symbol;
  };

  using GoLines = std::unordered_map<std::uint64_t, std::vector<profile::Line>>;  // by address

  bool read_symbols(const SymbolFilePtr& file, std::vector<std::uint32_t> symbols);
  bool read_go_lines(const SymbolFilePtr& file, std::vector<std::uint64_t> addresses);
  Names& names_of(const SymbolFilePtr& file);
  void remember(Names& names, std::uint32_t symbol, std::string name);
  const std::string& symbol_name(const SymbolFilePtr& file, std::uint32_t symbol);
  std::vector<profile::Line> go_lines(const SymbolFilePtr& file, std::uint64_t address);
  void forget_names() {
    names_.clear();
    name_bytes_ = 0;
  }

  SymbolFiles::Share share_;
  Demangle mode_;
  std::unordered_map<const SymbolFile*, Names> names_;
  std::size_t name_bytes_ = 0;
  std::unordered_map<SymbolFilePtr, GoLines> go_lines_;  // read, and not asked for yet
  KernelSymbolsPtr kernel_;
  std::unordered_map<std::uint32_t, KernelSymbol> kernel_names_;  // of kernel_
  std::shared_ptr<const std::string> kernel_error_;
};

void SharingSymbolizer::end_window() {
  go_lines_.clear();
  share_.end_window();
  std::erase_if(names_, [](const auto& entry) { return entry.second.file.expired(); });
  if (names_.empty()) name_bytes_ = 0;
}

SharingSymbolizer::Names& SharingSymbolizer::names_of(const SymbolFilePtr& file) {
  Names& names = names_[file.get()];
  // Another file may have come to lie where this one lay.
  if (names.file.lock() != file) names = {.file = file, .by_symbol = {}};
  return names;
}

void SharingSymbolizer::remember(Names& names, std::uint32_t symbol, std::string name) {
  bool is_stub = name.ends_with(kStubSuffix);
  if (is_stub) name.resize(name.size() - kStubSuffix.size());
  std::string& kept = names.by_symbol[symbol] = demangle(name, mode_);
  if (is_stub) kept += kStubSuffix;
  name_bytes_ += kept.capacity() + kBytesPerName;
}

const std::string& SharingSymbolizer::symbol_name(const SymbolFilePtr& file, std::uint32_t symbol) {
  if (name_bytes_ >= kMaxKeptNames) forget_names();
  Names& names = names_of(file);
  if (!names.by_symbol.contains(symbol) && !read_symbols(file, {symbol})) remember(names, symbol, "");
  return names.by_symbol[symbol];
}

std::vector<profile::Line> SharingSymbolizer::go_lines(const SymbolFilePtr& file, std::uint64_t address) {
  GoLines& prepared = go_lines_[file];
  if (!prepared.contains(address) && !read_go_lines(file, {address})) return {};
  return std::move(prepared.extract(address).mapped());
}

void SharingSymbolizer::prepare(const ModuleFile& module, std::span<const std::uint64_t> file_offsets) {
  if (module.path == kKernel) return;
  SymbolFilePtr file = share_.files().find_or_load(module);
  if (!file || file->failed || !file->elf) return;
  if (name_bytes_ >= kMaxKeptNames) forget_names();
  const Names& names = names_of(file);
  std::set<std::uint32_t> symbols;
  std::set<std::uint64_t> go_addresses;
  for (std::uint64_t offset : file_offsets) {
    std::uint64_t address = file->elf->address_of(offset).value_or(offset);
    if (file->go.find(address)) {
      go_addresses.insert(address);
    } else if (auto symbol = file->symbols.find(address); symbol && !names.by_symbol.contains(*symbol)) {
      symbols.insert(*symbol);
    }
  }
  // A read that takes too long is given up: what name() asks for then it reads by itself.
  auto in_parts = [&](const auto& all, auto read) {
    std::vector part(all.begin(), all.begin());
    for (auto at = all.begin(); at != all.end();) {
      part.push_back(*at++);
      if (part.size() < kReadAtOnce && at != all.end()) continue;
      if (!(this->*read)(file, std::exchange(part, {}))) return;
    }
  };
  in_parts(symbols, &SharingSymbolizer::read_symbols);
  in_parts(go_addresses, &SharingSymbolizer::read_go_lines);
}

bool SharingSymbolizer::read_symbols(const SymbolFilePtr& file, std::vector<std::uint32_t> symbols) {
  auto read = share_.files().names_of(file, symbols);
  if (!read) return false;
  Names& names = names_of(file);
  for (std::size_t i = 0; i < symbols.size(); ++i) remember(names, symbols[i], std::move((*read)[i]));
  return true;
}

bool SharingSymbolizer::read_go_lines(const SymbolFilePtr& file, std::vector<std::uint64_t> addresses) {
  auto read = share_.files().go_lines(file, addresses);
  if (!read) return false;
  GoLines& lines = go_lines_[file];
  for (std::size_t i = 0; i < addresses.size(); ++i) lines[addresses[i]] = std::move((*read)[i]);
  return true;
}

// A name that was there when the table was read.
NamedFrame lost_name(std::uint64_t address) {
  static const auto kLost = std::make_shared<const std::string>(
      "its names cannot be read any more: the file has changed, or its file system hangs");
  return unnamed(NoName::unreadable, address, kLost);
}

NamedFrame SharingSymbolizer::name(const ModuleFile& module, std::uint64_t file_offset) {
  if (module.path == kKernel) return name_kernel(file_offset);
  SymbolFilePtr file = share_.files().find_or_load(module);
  if (!file) return unnamed(NoName::process_gone, file_offset);
  std::uint64_t address = file->elf ? file->elf->address_of(file_offset).value_or(file_offset) : file_offset;
  if (file->failed) return unnamed(file->reason, address, file->why);
  // What the Go compiler made is in Go's own table, with file and line; C code of the same file is not.
  if (file->go.find(address)) {
    NamedFrame frame = lost_name(address);
    frame.kind = profile::FrameKind::go;
    frame.lines = go_lines(file, address);
    if (frame.lines.empty()) return frame;
    frame.no_name = NoName::named;
    frame.why = nullptr;
    return frame;
  }
  auto symbol = file->symbols.find(address);
  if (!symbol) return unnamed(NoName::stripped, address, file->why);
  std::string text = symbol_name(file, *symbol);
  return text.empty() ? lost_name(address) : named(std::move(text), address);
}

NamedFrame SharingSymbolizer::name_kernel(std::uint64_t address) {
  for (int tries = 0; tries < 2; ++tries) {
    auto symbols = share_.files().kernel(tries == 0 ? nullptr : kernel_.get());
    if (!symbols) {
      if (!kernel_error_ || *kernel_error_ != symbols.error().message)
        kernel_error_ = std::make_shared<const std::string>(symbols.error().message);
      return unnamed(NoName::unreadable, address, kernel_error_);
    }
    if (tries > 0 && *symbols == kernel_) break;
    if (*symbols != kernel_ || kernel_names_.size() >= kMaxKernelNames) kernel_names_.clear();
    kernel_ = std::move(*symbols);
    auto number = kernel_->number_of(address);
    if (!number) continue;
    auto [known, is_new] = kernel_names_.try_emplace(*number);
    if (is_new) known->second = kernel_->symbol(*number);
    if (known->second.name.empty()) continue;
    NamedFrame frame = named(known->second.name, address);
    frame.module = known->second.module;
    return frame;
  }
  return unnamed(NoName::stripped, address);
}

}  // namespace

std::unique_ptr<Symbolizer> Symbolizer::create(std::shared_ptr<SymbolFiles> files, SessionLimits limits,
                                               Demangle demangle) {
  return std::make_unique<SharingSymbolizer>(std::move(files), limits, demangle);
}

}  // namespace weir::profiler
