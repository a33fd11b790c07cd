#include "profiler/symbols/symbol_file.h"

#include <elf.h>
#include <sys/stat.h>

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>
#include <vector>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/debug_file.h"
#include "profiler/symbols/unpack.h"
#include "profiler/symbols/vdso.h"

namespace weir::profiler {
namespace {

using profile::NoName;
using BytesPtr = std::shared_ptr<const Bytes>;

constexpr std::string_view kProc = "/proc/";
constexpr std::size_t kBytesPerFile = 512;
constexpr std::size_t kMaxWhy = 2048;  // paths are somebody else's

// Whether the process a path below /proc/PID/ belongs to has gone.
bool process_gone(const std::string& host_path) {
  if (host_path.empty()) return true;
  if (!host_path.starts_with(kProc)) return false;
  struct stat st{};
  return ::stat(host_path.substr(0, host_path.find('/', kProc.size())).c_str(), &st) != 0;
}

Result<BytesPtr> open_module(const ModuleFile& module) {
  if (module.path == kVdso) {
    auto image = read_vdso();
    if (!image) return fail(image.error());
    return BytesPtr(std::move(*image));
  }
  auto fd = open_regular_file(module.host_path);
  if (!fd) return fail(fd.error());
  return own_file_bytes(std::move(*fd));
}

bool has_own_symbols(const Elf& elf) {
  return std::ranges::any_of(elf.sections(),
                             [](const ElfSection& section) { return section.type == SHT_SYMTAB; });
}

std::shared_ptr<const SymbolFile> failed_file(const ModuleFile& module, NoName reason, std::string why) {
  auto file = std::make_shared<SymbolFile>();
  file->path = module.path;
  file->build_id = module.build_id;
  file->failed = true;
  file->reason = reason;
  file->why = std::make_shared<const std::string>(std::move(why));
  return file;
}

class Reader {
 public:
  Reader(const ModuleFile& module, std::size_t byte_limit, ReadRisk risk = {})
      : module_(module), byte_limit_(byte_limit) {
    file_->risk = std::move(risk);
    file_->path = module.path;
    file_->build_id = module.build_id;
  }

  std::shared_ptr<const SymbolFile> read();

 private:
  Result<> open();
  Result<> read_tables();
  // The sources of a file that has no .symtab itself.
  std::vector<SymbolSource> find_sources();
  void explain();

  ModuleFile module_;  // a copy: a read that hangs outlives its caller
  std::size_t byte_limit_;
  std::shared_ptr<SymbolFile> file_ = std::make_shared<SymbolFile>();
  BytesPtr bytes_;
  std::optional<DebugFile> debug_;
  std::optional<Elf> mini_;
  std::vector<DebugFileTry> tries_;
};

Result<> Reader::open() {
  auto bytes = open_module(module_);
  if (!bytes) return fail(bytes.error());
  bytes_ = std::move(*bytes);
  auto elf = Elf::read(*bytes_);
  if (!elf) return fail(elf.error());
  file_->elf = std::move(*elf);
  file_->build_id = file_->elf->build_id();
  if (module_.build_id.empty() || file_->build_id.empty() || file_->build_id == module_.build_id) return {};
  return fail("the file was replaced: its build id is not that of the mapping");
}

std::vector<SymbolSource> Reader::find_sources() {
  SymbolSource own{&*file_->elf, bytes_};
  debug_ = find_debug_file({.elf = *own.elf,
                            .bytes = *bytes_,
                            .path = module_.path,
                            .root = root_of(module_.host_path, module_.path)},
                           tries_);
  if (debug_) return {{&debug_->elf, debug_->bytes}, own};
  auto mini = read_mini_debug_info(*own.elf, *bytes_);
  if (mini && mini->empty()) return {own};
  BytesPtr unpacked;
  if (mini) unpacked = std::make_shared<OwnedBytes>(std::move(*mini));
  auto elf = mini ? Elf::read(*unpacked) : fail(mini.error());
  if (!elf) {
    tries_.push_back({".gnu_debugdata", elf.error().message});
    return {own};
  }
  mini_ = std::move(*elf);
  return {own, {&*mini_, std::move(unpacked)}};
}

Result<> Reader::read_tables() {
  std::vector<SymbolSource> sources;
  if (module_.path == kVdso || has_own_symbols(*file_->elf)) {
    sources = {{&*file_->elf, bytes_}};
  } else {
    sources = find_sources();
    if (!debug_ && !mini_) explain();
  }
  auto symbols = SymbolTable::read(sources, byte_limit_);
  if (!symbols) return fail(symbols.error());
  file_->symbols = std::move(*symbols);
  auto go = GoTable::read(*file_->elf, *bytes_, byte_limit_);
  if (!go) return fail(go.error());
  if (go->size() == 0) return {};
  file_->go = std::move(*go);
  file_->go_bytes = bytes_;
  return {};
}

// "it has no .symtab; no debug file: /usr/lib/debug/…: no such file or directory; …"
void Reader::explain() {
  std::string why = "it has no .symtab";
  if (tries_.empty()) why += ", no build id and no .gnu_debuglink";
  for (const DebugFileTry& attempt : tries_) {
    why += fmt::format("; {}: {}", attempt.path, attempt.why);
    if (why.size() > kMaxWhy) break;
  }
  why.resize(std::min(why.size(), kMaxWhy));
  file_->why = std::make_shared<const std::string>(std::move(why));
}

std::shared_ptr<const SymbolFile> Reader::read() {
  if (module_.path != kVdso && process_gone(module_.host_path)) return nullptr;
  if (auto ok = open(); !ok) {
    if (module_.path != kVdso && process_gone(module_.host_path)) return nullptr;
    return failed_file(module_, NoName::unreadable, ok.error().message);
  }
  if (auto ok = read_tables(); !ok) return failed_file(module_, NoName::evicted, ok.error().message);
  return file_;
}

ReadRisk risk_of(const ModuleFile& module) {
  std::uint32_t pid = 0;
  std::string_view path = module.host_path;
  if (path.starts_with(kProc)) std::from_chars(path.data() + kProc.size(), path.data() + path.size(), pid);
  return risk_of_file(pid, pid != 0 ? module.path : module.host_path);
}

}  // namespace

std::size_t SymbolFile::bytes() const {
  std::size_t bytes = kBytesPerFile + symbols.bytes() + go.bytes() + (why ? why->capacity() : 0);
  if (elf) bytes += elf->sections().size() * sizeof(ElfSection) + elf->segments().size() * sizeof(ElfSegment);
  return bytes;
}

std::shared_ptr<const SymbolFile> read_symbol_file(WatchedReads& reads, const ModuleFile& module,
                                                   std::size_t byte_limit) {
  if (module.path == kVdso) return Reader(module, byte_limit).read();
  ReadRisk risk = risk_of(module);
  auto file = reads.run(risk, [module, byte_limit, risk] { return Reader(module, byte_limit, risk).read(); });
  if (!file) return failed_file(module, NoName::unreadable, file.error().message);
  return *file;
}

}  // namespace weir::profiler
