#include "profiler/symbols/symbolizer.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <list>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "profiler/symbols/bytes.h"
#include "profiler/symbols/debug_file.h"
#include "profiler/symbols/demangle.h"
#include "profiler/symbols/elf.h"
#include "profiler/symbols/gopclntab.h"
#include "profiler/symbols/kallsyms.h"
#include "profiler/symbols/symbol_table.h"
#include "profiler/symbols/vdso.h"

namespace weir::profiler {
namespace {

using profile::NoName;

constexpr std::string_view kKernel = "[kernel]";
constexpr std::size_t kMaxKeptNames = 1u << 20;  // bytes, of one file
constexpr std::size_t kBytesPerFile = 512;
constexpr std::size_t kMaxFailures = 256;
// What could not be read, and a kernel module that was not there, is looked for again after this.
constexpr Duration kRetry = std::chrono::minutes(2);

// A file that was opened, or why it was not. Either `elf` stands or `error`.
struct File {
  std::string key;
  std::string path;
  std::string build_id;
  std::string error;
  NoName reason = NoName::unreadable;
  Fd fd;
  std::shared_ptr<const Bytes> bytes;
  std::optional<Elf> elf;
  SymbolTable symbols;
  GoTable go;
  Fd debug_fd;
  std::unique_ptr<Bytes> debug_bytes;                    // where the symbols come from; null: from `bytes`
  std::unordered_map<std::uint32_t, std::string> names;  // demangled; a symbol seen once is seen again
  std::size_t name_bytes = 0;
  std::uint64_t last_use = 0;  // window
  MonoTime failed_at;

  std::size_t size() const { return kBytesPerFile + symbols.bytes() + go.bytes() + name_bytes; }
};

Result<> load(File& file, std::string_view expected_build_id, std::size_t byte_limit) {
  auto elf = Elf::read(*file.bytes);
  if (!elf) return fail(elf.error());
  file.elf = std::move(*elf);
  file.build_id = file.elf->build_id();
  if (!expected_build_id.empty() && !file.build_id.empty() && file.build_id != expected_build_id)
    return fail("the file was replaced: its build id is not that of the mapping");
  auto symbols = SymbolTable::read(*file.elf, *file.bytes, byte_limit);
  if (!symbols) {
    file.reason = NoName::evicted;
    return fail(symbols.error());
  }
  file.symbols = std::move(*symbols);
  auto go = GoTable::read(*file.elf, *file.bytes, byte_limit);
  if (!go) {
    file.reason = NoName::evicted;
    return fail(go.error());
  }
  file.go = std::move(*go);
  return {};
}

bool has_own_symbols(const Elf& elf) {
  return std::any_of(elf.sections().begin(), elf.sections().end(),
                     [](const ElfSection& section) { return section.type == SHT_SYMTAB; });
}

// A stripped file keeps only the names others link to. Its debug file, if there is one, has all of
// them; the host's copy comes before the one in the process's own root.
void load_debug_file(File& file, const std::string& host_path, std::size_t byte_limit) {
  if (!file.elf || file.build_id.empty() || has_own_symbols(*file.elf)) return;
  for (const std::string& root : {std::string(), process_root(host_path)}) {
    auto fd = open_debug_file(root, file.build_id);
    if (!fd) continue;
    auto bytes = FileBytes::of(fd->get());
    auto elf = bytes ? Elf::read(*bytes) : fail(bytes.error());
    auto symbols = elf ? SymbolTable::read(*elf, *bytes, byte_limit) : fail(elf.error());
    if (!symbols || symbols->size() <= file.symbols.size()) continue;
    file.symbols = std::move(*symbols);
    file.debug_fd = std::move(*fd);
    file.debug_bytes = std::make_unique<FileBytes>(*bytes);
    return;
  }
}

Result<> open_module(File& file, const ModuleFile& module, std::size_t byte_limit) {
  auto fd = open_regular_file(module.host_path);
  if (!fd) return fail(fd.error());
  file.fd = std::move(*fd);
  auto bytes = FileBytes::of(file.fd.get());
  if (!bytes) return fail(bytes.error());
  file.bytes = std::make_unique<FileBytes>(*bytes);
  if (auto ok = load(file, module.build_id, byte_limit); !ok) return ok;
  load_debug_file(file, module.host_path, byte_limit);
  return {};
}

std::string key_of(const ModuleFile& module) {
  if (module.path == kVdso) return std::string(kVdso);
  if (!module.build_id.empty()) return module.build_id;
  if (module.inode != 0) return fmt::format("{}:{}", module.device, module.inode);
  return module.host_path;
}

NamedFrame unnamed(NoName why, std::uint64_t address) {
  return {.no_name = why, .address = address, .lines = {}};
}

NamedFrame named(std::string name, std::uint64_t address) {
  return {.no_name = NoName::named, .address = address, .lines = {{.function = std::move(name), .file = {}}}};
}

NamedFrame name_go(const File& file, std::uint64_t address) {
  auto lines = file.go.lines(address, *file.bytes);
  bool named = !lines.empty() && file.bytes->unchanged();
  if (!named) lines.clear();
  return {.kind = profile::FrameKind::go,
          .no_name = named ? NoName::named : NoName::unreadable,
          .address = address,
          .lines = std::move(lines)};
}

// Whether the process a path below /proc/PID/ belongs to has gone.
bool process_gone(const std::string& host_path) {
  if (host_path.empty()) return true;
  constexpr std::string_view kProc = "/proc/";
  if (!host_path.starts_with(kProc)) return false;
  struct stat st{};
  return ::stat(host_path.substr(0, host_path.find('/', kProc.size())).c_str(), &st) != 0;
}

class CachingSymbolizer : public Symbolizer {
 public:
  CachingSymbolizer(SessionLimits limits, Demangle mode) : limits_(limits), mode_(mode) {}

  void set_limits(SessionLimits limits) override {
    limits_ = limits;
    evict();
  }
  void set_demangle(Demangle mode) override {
    if (mode == mode_) return;
    mode_ = mode;
    for (File& file : files_) forget_names(file);
  }

  NamedFrame name(const ModuleFile& module, std::uint64_t file_offset) override;
  NamedFrame name_kernel(std::uint64_t address) override;
  void end_window() override;
  std::vector<SymbolFileInfo> files() const override;

 private:
  using Files = std::list<File>;

  // Null when the process has gone before its file was opened.
  File* find_or_open(const ModuleFile& module);
  File* find(const std::string& key);
  File* remember(File file);
  void forget(Files& files, Files::iterator file);
  void forget_last(Files& files) { forget(files, std::prev(files.end())); }
  const std::string& symbol_name(File& file, std::uint32_t index);
  void forget_names(File& file) {
    bytes_ -= file.name_bytes;
    file.name_bytes = 0;
    file.names.clear();
  }
  void evict();
  void read_kernel();

  SessionLimits limits_;
  Demangle mode_;
  std::uint64_t window_ = 0;
  // Last used first. Failures have a list of their own: they must not push symbols out.
  Files files_;
  Files failures_;
  std::unordered_map<std::string, Files::iterator> by_key_;
  std::size_t bytes_ = 0;  // sum of File::size() of files_
  std::optional<Result<KernelSymbols>> kernel_;
  MonoTime kernel_read_at_;
};

File* CachingSymbolizer::remember(File file) {
  bool failed = !file.error.empty();
  Files& files = failed ? failures_ : files_;
  file.last_use = window_;
  files.push_front(std::move(file));
  by_key_[files.front().key] = files.begin();
  if (!failed) bytes_ += files.front().size();
  evict();
  return &files.front();
}

File* CachingSymbolizer::find(const std::string& key) {
  auto it = by_key_.find(key);
  if (it == by_key_.end()) return nullptr;
  bool failed = !it->second->error.empty();
  Files& files = failed ? failures_ : files_;
  files.splice(files.begin(), files, it->second);
  files.front().last_use = window_;
  if (!failed || std::chrono::steady_clock::now() - files.front().failed_at < kRetry) return &files.front();
  by_key_.erase(it);
  files.pop_front();
  return nullptr;
}

File* CachingSymbolizer::find_or_open(const ModuleFile& module) {
  std::string key = key_of(module);
  if (File* known = find(key)) return known;
  // A failure is one path's own: another process may offer the same file readably.
  std::string failure_key = key + '\n' + module.host_path;
  if (File* known = find(failure_key)) return known;
  File file;
  file.path = module.path;
  file.build_id = module.build_id;
  Result<> opened;
  if (module.path == kVdso) {
    auto bytes = read_vdso();
    if (bytes) file.bytes = std::move(*bytes);
    opened = bytes ? load(file, {}, limits_.symbol_bytes) : fail(bytes.error());
  } else {
    if (process_gone(module.host_path)) return nullptr;
    opened = open_module(file, module, limits_.symbol_bytes);
    if (!opened && process_gone(module.host_path)) return nullptr;
  }
  file.key = opened ? std::move(key) : std::move(failure_key);
  if (opened) return remember(std::move(file));
  file.error = opened.error().message;
  file.failed_at = std::chrono::steady_clock::now();
  file.fd.reset();
  file.bytes.reset();
  return remember(std::move(file));
}

const std::string& CachingSymbolizer::symbol_name(File& file, std::uint32_t index) {
  auto [entry, is_new] = file.names.try_emplace(index);
  if (!is_new) return entry->second;
  const Bytes& bytes = file.debug_bytes ? *file.debug_bytes : *file.bytes;
  std::string raw = file.symbols.name(index, bytes);
  auto* on_disk = dynamic_cast<const FileBytes*>(&bytes);
  if (on_disk != nullptr && !on_disk->unchanged()) raw.clear();
  entry->second = demangle(raw, mode_);
  std::size_t cost = entry->second.capacity() + 64;
  file.name_bytes += cost;
  bytes_ += cost;
  return entry->second;
}

NamedFrame CachingSymbolizer::name(const ModuleFile& module, std::uint64_t file_offset) {
  if (module.path == kKernel) return name_kernel(file_offset);
  File* file = find_or_open(module);
  if (file == nullptr) return unnamed(NoName::process_gone, file_offset);
  if (!file->elf) return unnamed(file->reason, file_offset);
  std::uint64_t address = file->elf->address_of(file_offset).value_or(file_offset);
  if (!file->error.empty()) return unnamed(file->reason, address);
  // What the Go compiler made is in Go's own table, with file and line; C code of the same file is not.
  if (file->go.find(address)) return name_go(*file, address);
  auto symbol = file->symbols.find(address);
  if (!symbol) return unnamed(NoName::stripped, address);
  if (file->name_bytes >= kMaxKeptNames) forget_names(*file);
  std::string text = symbol_name(*file, *symbol);
  evict();
  if (text.empty()) return unnamed(NoName::unreadable, address);
  return named(std::move(text), address);
}

void CachingSymbolizer::read_kernel() {
  kernel_read_at_ = std::chrono::steady_clock::now();
  Fd fd(::open("/proc/kallsyms", O_RDONLY | O_CLOEXEC));
  if (fd) {
    kernel_ = KernelSymbols::read(fd.get());
  } else {
    kernel_ = fail_errno(errno, "open /proc/kallsyms");
  }
}

NamedFrame CachingSymbolizer::name_kernel(std::uint64_t address) {
  auto look = [&] { return *kernel_ ? (*kernel_)->find(address) : std::string_view(); };
  if (!kernel_) read_kernel();
  std::string_view text = look();
  if (text.empty() && std::chrono::steady_clock::now() - kernel_read_at_ > kRetry) {
    read_kernel();
    text = look();
  }
  if (!text.empty()) return named(std::string(text), address);
  return unnamed(kernel_->has_value() ? NoName::stripped : NoName::unreadable, address);
}

void CachingSymbolizer::forget(Files& files, Files::iterator file) {
  if (&files == &files_) bytes_ -= file->size();
  by_key_.erase(file->key);
  files.erase(file);
}

// What was used last stays, however large it is: a file over the limit was refused when it was read.
void CachingSymbolizer::evict() {
  while (files_.size() > 1 && bytes_ > limits_.symbol_bytes) forget_last(files_);
  while (failures_.size() > kMaxFailures) forget_last(failures_);
}

void CachingSymbolizer::end_window() {
  ++window_;
  std::size_t with_build_id = 0;
  std::size_t without = 0;
  for (auto file = files_.begin(); file != files_.end();) {
    auto next = std::next(file);
    if (file->last_use + limits_.cache_rounds < window_) {
      bool keep = file->build_id.empty() ? ++without <= limits_.same_files
                                         : ++with_build_id <= limits_.build_id_files;
      if (!keep) forget(files_, file);
    }
    file = next;
  }
}

std::vector<SymbolFileInfo> CachingSymbolizer::files() const {
  std::vector<SymbolFileInfo> infos;
  if (kernel_ && kernel_->has_value()) {
    infos.push_back({std::string(kKernel), {}, (*kernel_)->size(), (*kernel_)->bytes(), {}});
  } else if (kernel_) {
    infos.push_back({std::string(kKernel), {}, 0, 0, kernel_->error().message});
  }
  for (const File& file : files_) {
    std::string why = file.error;
    if (why.empty() && file.symbols.size() + file.go.size() == 0) why = "stripped: it has no symbols";
    infos.push_back(
        {file.path, file.build_id, file.symbols.size() + file.go.size(), file.size(), std::move(why)});
  }
  for (const File& file : failures_) infos.push_back({file.path, file.build_id, 0, 0, file.error});
  return infos;
}

}  // namespace

std::unique_ptr<Symbolizer> Symbolizer::create(SessionLimits limits, Demangle demangle) {
  return std::make_unique<CachingSymbolizer>(limits, demangle);
}

}  // namespace weir::profiler
