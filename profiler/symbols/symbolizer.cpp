#include "profiler/symbols/symbolizer.h"

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
  NamedFrame name(const ModuleFile& module, std::uint64_t file_offset) override;
  NamedFrame name_kernel(std::uint64_t address) override;
  std::vector<SymbolFileInfo> files() const override { return share_.files().infos(); }

 private:
  // Demangled names by symbol: one that was seen once is seen again, at another place.
  struct Names {
    std::weak_ptr<const SymbolFile> file;
    std::unordered_map<std::uint32_t, std::string> by_symbol;
  };

  const std::string& symbol_name(const SymbolFilePtr& file, std::uint32_t symbol);
  void forget_names() {
    names_.clear();
    name_bytes_ = 0;
  }

  SymbolFiles::Share share_;
  Demangle mode_;
  std::unordered_map<const SymbolFile*, Names> names_;
  std::size_t name_bytes_ = 0;
  KernelSymbolsPtr kernel_;
  std::shared_ptr<const std::string> kernel_error_;
};

void SharingSymbolizer::end_window() {
  share_.end_window();
  std::erase_if(names_, [](const auto& entry) { return entry.second.file.expired(); });
  if (names_.empty()) name_bytes_ = 0;
}

const std::string& SharingSymbolizer::symbol_name(const SymbolFilePtr& file, std::uint32_t symbol) {
  if (name_bytes_ >= kMaxKeptNames) forget_names();
  Names& names = names_[file.get()];
  // Another file may have come to lie where this one lay.
  if (names.file.lock() != file) names = {.file = file, .by_symbol = {}};
  auto [entry, is_new] = names.by_symbol.try_emplace(symbol);
  if (!is_new) return entry->second;
  std::string name = share_.files().name_of(file, symbol).value_or("");
  bool is_stub = name.ends_with(kStubSuffix);
  if (is_stub) name.resize(name.size() - kStubSuffix.size());
  entry->second = demangle(name, mode_);
  if (is_stub) entry->second += kStubSuffix;
  name_bytes_ += entry->second.capacity() + kBytesPerName;
  return entry->second;
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
    auto lines = share_.files().go_lines(file, address);
    if (!lines || lines->empty()) return frame;
    frame.no_name = NoName::named;
    frame.lines = std::move(*lines);
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
    kernel_ = std::move(*symbols);
    KernelSymbol found = kernel_->find(address);
    if (found.name.empty()) continue;
    NamedFrame frame = named(std::move(found.name), address);
    frame.module = std::move(found.module);
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
