// Modules: every mapped file once, and where it can be opened.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

#include "profiler/process/module.h"
#include "profiler/process/watched_reads.h"

namespace weir::profiler {

class Modules {
 public:
  explicit Modules(std::shared_ptr<WatchedReads> reads = WatchedReads::create()) : reads_(std::move(reads)) {}

  // By the build id that the kernel read when it was mapped.
  ModulePtr with_build_id(std::string path, std::string build_id);
  // By device and inode; the build id is read from the file, through /proc/PID/root, at first sight.
  ModulePtr of_file(std::uint32_t pid, std::string path, std::uint64_t device, std::uint64_t inode);
  // Anonymous memory and the kernel's own pages, by name.
  ModulePtr unnamed(std::string name);

  // Forgets modules that nobody else holds.
  void collect_garbage();
  std::size_t size() const { return by_build_id_.size() + by_inode_.size(); }

 private:
  std::shared_ptr<WatchedReads> reads_;
  std::map<std::pair<std::string, std::string>, ModulePtr> by_build_id_;  // path, build id
  std::map<std::tuple<std::string, std::uint64_t, std::uint64_t>, ModulePtr> by_inode_;
};

// Where the file of a module can be opened now, as seen by process `pid` (0: by ourselves); "" when what is
// there is another file, or nothing. Fails when that hangs, or is left alone because it did.
Result<std::string> locate(WatchedReads& reads, const Module& module, std::uint32_t pid);

}  // namespace weir::profiler
