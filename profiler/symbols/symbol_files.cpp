#include "profiler/symbols/symbol_files.h"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "profiler/symbols/paged_bytes.h"
#include "profiler/symbols/vdso.h"

namespace weir::profiler {
namespace {

constexpr std::size_t kMaxFailures = 256;
// What could not be read, and a kernel module that was not there, is looked for again after this.
constexpr Duration kRetry = std::chrono::minutes(2);

MonoTime now() {
  return std::chrono::steady_clock::now();
}

std::string key_of(const ModuleFile& module) {
  if (module.path == kVdso) return std::string(kVdso);
  if (!module.build_id.empty()) return module.build_id;
  if (module.inode != 0) return fmt::format("{}:{}", module.device, module.inode);
  return module.host_path;
}

SymbolFileInfo info_of(const SymbolFile& file) {
  SymbolFileInfo info{.file = file.path,
                      .build_id = file.build_id,
                      .symbols = file.functions(),
                      .bytes = file.failed ? 0 : file.bytes(),
                      .failed = file.failed,
                      .error = file.why ? *file.why : ""};
  // Go's own table has all that matters.
  if (file.go.size() != 0) info.error.clear();
  if (!file.failed && info.error.empty() && info.symbols == 0) info.error = "its .symtab names no function";
  return info;
}

}  // namespace

SymbolFiles::Share::Share(std::shared_ptr<SymbolFiles> files, const SessionLimits& limits)
    : files_(std::move(files)) {
  std::lock_guard lock(files_->mutex_);
  files_->wishes_[this] = {.limits = limits, .window_starts = {now()}};
}

SymbolFiles::Share::~Share() {
  std::lock_guard lock(files_->mutex_);
  files_->wishes_.erase(this);
  files_->evict();
}

void SymbolFiles::Share::set_limits(const SessionLimits& limits) {
  std::lock_guard lock(files_->mutex_);
  files_->wishes_[this].limits = limits;
  files_->evict();
}

void SymbolFiles::Share::end_window() {
  constexpr std::size_t kMaxRounds = 1024;
  std::lock_guard lock(files_->mutex_);
  Wish& wish = files_->wishes_[this];
  wish.window_starts.push_front(now());
  wish.window_starts.resize(
      std::min({wish.window_starts.size(), std::size_t{wish.limits.cache_rounds} + 1, kMaxRounds}));
  files_->evict();
}

SymbolFiles::Most SymbolFiles::most() const {
  Most most{.recent = now()};
  for (const auto& [share, wish] : wishes_) {
    most.with_build_id = std::max(most.with_build_id, wish.limits.build_id_files);
    most.by_inode = std::max(most.by_inode, wish.limits.same_files);
    most.bytes = std::max(most.bytes, wish.limits.symbol_bytes);
    most.recent = std::min(most.recent, wish.window_starts.back());
  }
  return most;
}

SymbolFiles::Entries& SymbolFiles::entries_of(const SymbolFile& file) {
  if (file.failed) return failures_;
  return file.build_id.empty() ? by_inode_ : with_build_id_;
}

SymbolFilePtr SymbolFiles::find(const std::string& key) {
  auto it = by_key_.find(key);
  if (it == by_key_.end()) return nullptr;
  Entries& entries = entries_of(*it->second->file);
  entries.splice(entries.begin(), entries, it->second);
  entries.front().used = now();
  return entries.front().file;
}

SymbolFilePtr SymbolFiles::find_failure(const std::string& key) {
  auto it = by_key_.find(key);
  if (it == by_key_.end()) return nullptr;
  if (now() - it->second->used < kRetry) return it->second->file;
  failures_.erase(it->second);
  by_key_.erase(it);
  return nullptr;
}

void SymbolFiles::remember(std::string key, SymbolFilePtr file) {
  Entries& entries = entries_of(*file);
  if (!file->failed) bytes_ += file->bytes();
  entries.push_front({std::move(key), std::move(file), now()});
  by_key_[entries.front().key] = entries.begin();
  evict();
}

SymbolFilePtr SymbolFiles::find_or_load(const ModuleFile& module) {
  std::string key = key_of(module);
  // A failure is one path's own: another process may offer the same file readably.
  std::string failure_key = key + '\n' + module.host_path;
  std::size_t byte_limit = 0;
  {
    std::unique_lock lock(mutex_);
    for (;;) {
      if (SymbolFilePtr known = find(key)) return known;
      if (SymbolFilePtr known = find_failure(failure_key)) return known;
      if (loading_.insert(key).second) break;
      loaded_.wait(lock);
    }
    byte_limit = most().bytes;
  }
  SymbolFilePtr file = read_symbol_file(*reads_, module, byte_limit);
  std::lock_guard lock(mutex_);
  loading_.erase(key);
  loaded_.notify_all();
  if (file) remember(file->failed ? std::move(failure_key) : std::move(key), file);
  return file;
}

Result<std::vector<std::string>> SymbolFiles::names_of(const SymbolFilePtr& file,
                                                       std::vector<std::uint32_t> symbols) {
  return reads_->run(file->risk, [file, symbols = std::move(symbols)] {
    std::vector<std::string> names;
    for (std::uint32_t symbol : symbols) names.push_back(file->symbols.name(symbol));
    return names;
  });
}

Result<std::vector<std::vector<profile::Line>>> SymbolFiles::go_lines(const SymbolFilePtr& file,
                                                                      std::vector<std::uint64_t> addresses) {
  return reads_->run(file->risk, [file, addresses = std::move(addresses)] {
    std::vector<std::vector<profile::Line>> lines;
    PagedBytes bytes(*file->go_bytes);
    for (std::uint64_t address : addresses) lines.push_back(file->go.lines(address, bytes));
    if (!bytes.unchanged()) lines.assign(lines.size(), {});
    return lines;
  });
}

void SymbolFiles::forget_last(Entries& entries) {
  if (&entries != &failures_) bytes_ -= entries.back().file->bytes();
  if (&entries == &with_build_id_) ++stats_.evicted_with_build_id;
  if (&entries == &by_inode_) ++stats_.evicted_by_inode;
  by_key_.erase(entries.back().key);
  entries.pop_back();
}

void SymbolFiles::evict() {
  Most limit = most();
  auto evict_old = [&](Entries& entries, std::size_t most_old) {
    auto old = std::ranges::find_if(entries, [&](const Entry& entry) { return entry.used < limit.recent; });
    auto old_count = static_cast<std::size_t>(std::distance(old, entries.end()));
    for (; old_count > most_old; --old_count) forget_last(entries);
  };
  evict_old(with_build_id_, limit.with_build_id);
  evict_old(by_inode_, limit.by_inode);
  // What was used last stays, however large it is: a file over the limit was refused when it was read.
  while (bytes_ > limit.bytes && with_build_id_.size() + by_inode_.size() > 1) {
    bool other =
        with_build_id_.empty() || (!by_inode_.empty() && by_inode_.back().used < with_build_id_.back().used);
    forget_last(other ? by_inode_ : with_build_id_);
  }
  while (failures_.size() > kMaxFailures) forget_last(failures_);
}

Result<KernelSymbolsPtr> SymbolFiles::kernel(const KernelSymbols* last) {
  std::lock_guard lock(kernel_mutex_);
  bool first = !kernel_ && kernel_error_.empty();
  bool again = kernel_.get() == last && now() - kernel_read_at_ > kRetry;
  if (first || again) {
    kernel_read_at_ = now();
    Fd fd(::open("/proc/kallsyms", O_RDONLY | O_CLOEXEC));
    auto symbols = fd ? KernelSymbols::read(fd.get()) : fail_errno(errno, "open /proc/kallsyms");
    kernel_ = symbols ? std::make_shared<const KernelSymbols>(std::move(*symbols)) : nullptr;
    kernel_error_ = symbols ? "" : symbols.error().message;
  }
  if (!kernel_) return fail("{}", kernel_error_);
  return kernel_;
}

SymbolStats SymbolFiles::stats() const {
  std::lock_guard lock(mutex_);
  return stats_;
}

std::vector<SymbolFileInfo> SymbolFiles::infos() const {
  std::vector<SymbolFileInfo> infos;
  {
    std::lock_guard lock(kernel_mutex_);
    if (kernel_) infos.push_back({"[kernel]", {}, kernel_->size(), kernel_->bytes(), false, {}});
    if (!kernel_error_.empty()) infos.push_back({"[kernel]", {}, 0, 0, true, kernel_error_});
  }
  std::lock_guard lock(mutex_);
  for (const Entries* entries : {&with_build_id_, &by_inode_, &failures_})
    for (const Entry& entry : *entries) infos.push_back(info_of(*entry.file));
  return infos;
}

}  // namespace weir::profiler
