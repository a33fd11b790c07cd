// SymbolFiles: the symbol tables of this machine's files, loaded at first need
// and shared by every session: by build id, else by device and inode.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "profiler/process/watched_reads.h"
#include "profiler/session.h"
#include "profiler/symbols/kallsyms.h"
#include "profiler/symbols/symbol_file.h"
#include "profiler/symbols/symbol_stats.h"

namespace weir::profiler {

using SymbolFilePtr = std::shared_ptr<const SymbolFile>;
using KernelSymbolsPtr = std::shared_ptr<const KernelSymbols>;

// Thread-safe. No lock is held while a file is read: who needs that very file
// waits for it, nobody else does.
class SymbolFiles {
 public:
  explicit SymbolFiles(std::shared_ptr<WatchedReads> reads = WatchedReads::create())
      : reads_(std::move(reads)) {}

  // A session's part in it: of all limits the largest holds. Tables that were used in the last
  // SessionLimits::cache_rounds windows of any session stay, and as many of the others as the limits say,
  // the last used first. The limit of bytes holds always.
  class Share {
   public:
    Share(std::shared_ptr<SymbolFiles> files, const SessionLimits& limits);
    ~Share();
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;
    void set_limits(const SessionLimits& limits);
    void end_window();
    SymbolFiles& files() { return *files_; }
    const SymbolFiles& files() const { return *files_; }

   private:
    std::shared_ptr<SymbolFiles> files_;
  };

  // Null when the process has gone before its file was opened.
  SymbolFilePtr find_or_load(const ModuleFile& module);
  // Several at once, in their order: each call costs two changes of threads. "" of one that cannot be read
  // any more.
  Result<std::vector<std::string>> names_of(const SymbolFilePtr& file, std::vector<std::uint32_t> symbols);
  // Of places in functions of Go, quickest in ascending order; empty where they cannot be read any more.
  Result<std::vector<std::vector<profile::Line>>> go_lines(const SymbolFilePtr& file,
                                                           std::vector<std::uint64_t> addresses);
  // From /proc/kallsyms, read at first need. `last` is one that did not know an address: there may be a
  // newer one, in which modules that were loaded since have theirs. The error says why there are none.
  Result<KernelSymbolsPtr> kernel(const KernelSymbols* last = nullptr);
  // What is loaded, the kernel among it, and what could not be.
  std::vector<SymbolFileInfo> infos() const;
  SymbolStats stats() const;

 private:
  struct Entry {
    std::string key;
    SymbolFilePtr file;
    MonoTime used;  // of a failure: when it failed
  };
  using Entries = std::list<Entry>;  // used last first
  struct Wish {
    SessionLimits limits;
    std::deque<MonoTime> window_starts;  // of the last ones, this one first
  };
  struct Most {
    std::size_t with_build_id = 0;
    std::size_t by_inode = 0;
    std::size_t bytes = 0;
    MonoTime recent;  // what was used since then stays
  };

  Entries& entries_of(const SymbolFile& file);
  // Of these the lock is held by the caller.
  SymbolFilePtr find(const std::string& key);
  SymbolFilePtr find_failure(const std::string& key);
  void remember(std::string key, SymbolFilePtr file);
  void forget_last(Entries& entries);
  void evict();
  Most most() const;

  std::shared_ptr<WatchedReads> reads_;

  mutable std::mutex mutex_;  // guards all to the blank line
  std::condition_variable loaded_;
  std::unordered_set<std::string> loading_;  // keys of files that are being read
  Entries with_build_id_;
  Entries by_inode_;
  Entries failures_;  // they must not push symbols out
  std::unordered_map<std::string, Entries::iterator> by_key_;
  std::size_t bytes_ = 0;  // of the tables, failures left out
  SymbolStats stats_;
  std::unordered_map<const Share*, Wish> wishes_;

  mutable std::mutex kernel_mutex_;  // guards the rest; held while /proc/kallsyms is read
  KernelSymbolsPtr kernel_;
  std::string kernel_error_;
  MonoTime kernel_read_at_;
};

}  // namespace weir::profiler
