// FrameNames: names of places, asked for once and remembered over windows.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
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

  // What the next calls of name() are for: how names are spelled, and through which processes files can be
  // opened.
  void begin(Demangle demangle, std::span<const std::uint32_t> pids);
  // Null when it has to be asked for.
  const NamedFrame* find(const Place& place, const ModulePtr& module);
  const NamedFrame& name(const Place& place, const ModulePtr& module);
  // Of a window, places that name() is about to be called for.
  void prepare(const TargetWindow& window, std::span<const std::uint32_t> places);
  void end_window();
  void forget();
  Symbolizer& symbolizer() { return *symbolizer_; }
  const Symbolizer& symbolizer() const { return *symbolizer_; }

 private:
  struct OfModule {
    std::weak_ptr<const Module> module;  // gone when no process maps it any more
    ModuleFile file;
    std::uint64_t looked_for = 0;             // in which window; 0: not yet
    std::shared_ptr<const std::string> hung;  // why nobody knows where the file is
    std::unordered_map<std::uint64_t, NamedFrame> names;
  };

  // Names as one mode spells them.
  struct OfMode {
    std::unordered_map<const Module*, OfModule> modules;
    bool used = false;  // in this window
  };

  OfModule& of_module(const ModulePtr& module);
  void look(OfModule& of, const Module& module);
  const NamedFrame& name_in(OfModule& of, const Module& module, std::uint64_t offset);

  std::unique_ptr<Symbolizer> symbolizer_;
  std::shared_ptr<WatchedReads> reads_;
  std::map<Demangle, OfMode> modes_;
  OfMode* mode_ = nullptr;
  std::span<const std::uint32_t> pids_;
  std::unordered_map<std::uint64_t, NamedFrame> kernel_;
  NamedFrame unnamed_;
  std::size_t names_ = 0;
  std::uint64_t window_ = 1;
};

}  // namespace weir::profiler
