// UnwindQuality: of how many stacks through a file the thread's start was
// reached, and where those that fell short ended.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "profile/profile.h"
#include "profiler/session.h"
#include "profiler/window.h"

namespace weir::profiler {

// By cpu_sample_stop; number 0 stands for all that is not of these.
inline constexpr std::size_t kStackStops = CPU_SAMPLE_STOP_NOT_RISING + 1;

struct StackStop {
  std::string_view reason;
  std::string_view meaning;
};
const std::array<StackStop, kStackStops>& stack_stops();

// Not thread-safe.
class UnwindQuality {
 public:
  // `profile` is what was made of `window`: the same stacks, in the same order.
  void add(const TargetWindow& window, const profile::Profile& profile);

  // Since the start: stacks with a user part, and of these the incomplete ones, by where they stopped.
  std::uint64_t complete() const { return complete_; }
  const std::array<std::uint64_t, kStackStops>& incomplete() const { return incomplete_; }
  std::vector<ModuleUnwinding> modules() const;

 private:
  struct Counts {
    std::uint64_t stacks = 0;
    std::uint64_t complete = 0;
    std::array<std::uint64_t, kStackStops> ended{};
  };

  Counts* counts_of(const TargetWindow& window, std::uint32_t mapping);

  std::map<std::pair<std::string, std::string>, Counts> modules_;  // by path and build id
  std::uint64_t stacks_ = 0;
  std::uint64_t complete_ = 0;
  std::array<std::uint64_t, kStackStops> incomplete_{};
};

}  // namespace weir::profiler
