// FrameNames: names of places, asked for once and remembered over windows.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "profiler/process/module.h"
#include "profiler/process/watched_reads.h"
#include "profiler/symbols/symbolizer.h"
#include "profiler/window.h"

namespace weir::profiler {

// Not thread-safe.
class FrameNames {
 public:
  explicit FrameNames(std::unique_ptr<Symbolizer> symbolizer,
                      std::shared_ptr<WatchedReads> reads = WatchedReads::create())
      : symbolizer_(std::move(symbolizer)), reads_(std::move(reads)) {}

  // `pids`: processes of the target, through which its files can be opened.
  const NamedFrame& name(const Place& place, const ModulePtr& module, std::span<const std::uint32_t> pids);
  // Files are looked for anew in each window; names stay.
  void end_window();
  // Names are spelled differently from now on.
  void set_demangle(Demangle demangle);
  Symbolizer& symbolizer() { return *symbolizer_; }
  const Symbolizer& symbolizer() const { return *symbolizer_; }

 private:
  struct OfModule {
    std::weak_ptr<const Module> module;  // gone when no process maps it any more
    ModuleFile file;
    bool looked_for = false;  // in this window
    std::unordered_map<std::uint64_t, NamedFrame> names;
  };

  const NamedFrame& name_in(OfModule& of, const Module& module, std::uint64_t offset,
                            std::span<const std::uint32_t> pids);

  std::unique_ptr<Symbolizer> symbolizer_;
  std::shared_ptr<WatchedReads> reads_;
  std::unordered_map<const Module*, OfModule> modules_;
  std::unordered_map<std::uint64_t, NamedFrame> kernel_;
  NamedFrame unnamed_;
  std::size_t names_ = 0;
};

}  // namespace weir::profiler
