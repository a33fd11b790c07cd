#include "profiler/unwind_quality.h"

#include <algorithm>

namespace weir::profiler {

namespace {

// Paths are the programs' own: they must not make entries without end.
constexpr std::size_t kMostModules = 4096;

}  // namespace

const std::array<StackStop, kStackStops>& stack_stops() {
  static constexpr std::array<StackStop, kStackStops> kStops = {{
      {"other", "The end is of no known kind."},
      {"end", "The thread's first frame was reached."},
      {"chain_end", "A chain of frame pointers ended before the thread's first frame."},
      {"truncated", "The stack is deeper than the sampler's limit."},
      {"no_mapping", "An address lies outside all known mappings of the process."},
      {"pending", "The unwind table of the code was still being made."},
      {"no_room", "The unwind table of the code did not fit into the memory limit."},
      {"no_row", "The code has no unwind information, and its frame pointer leads nowhere."},
      {"unreadable", "Memory of the stack could not be read."},
      {"not_rising", "A frame lies below the one it called: what was followed is not the stack."},
  }};
  return kStops;
}

UnwindQuality::Counts* UnwindQuality::counts_of(const TargetWindow& window, std::uint32_t mapping) {
  const Module& module = *window.mappings()[mapping].module;
  std::pair key(module.path, module.build_id);
  auto found = modules_.find(key);
  if (found == modules_.end()) {
    if (modules_.size() >= kMostModules) return nullptr;
    found = modules_.emplace(std::move(key), Counts()).first;
  }
  return &found->second;
}

void UnwindQuality::add(const TargetWindow& window, const profile::Profile& profile) {
  std::vector<Counts*> by_mapping(window.mappings().size(), nullptr);
  for (std::uint32_t i = 0; i < by_mapping.size(); ++i) by_mapping[i] = counts_of(window, i);
  std::vector<std::uint32_t> seen;
  for (std::size_t i = 0; i < window.stacks().size(); ++i) {
    const WindowStack& stack = window.stacks()[i];
    if (stack.ending.stop == 0 && stack.ending.end == StackEnd::thread_start) continue;  // kernel code alone
    auto count = static_cast<std::uint64_t>(stack.count);
    bool is_complete = profile.stacks[i].complete;
    std::size_t stop = stack.ending.stop < kStackStops ? stack.ending.stop : 0;
    stacks_ += count;
    (is_complete ? complete_ : incomplete_[stop]) += count;
    seen.clear();
    for (std::uint32_t frame : window.frames(stack)) {
      std::uint32_t mapping = window.places()[frame].mapping;
      if (mapping == profile::kNoMapping || std::ranges::find(seen, mapping) != seen.end()) continue;
      seen.push_back(mapping);
      if (Counts* counts = by_mapping[mapping]) {
        counts->stacks += count;
        if (is_complete) counts->complete += count;
      }
    }
    if (is_complete || window.frames(stack).empty()) continue;
    std::uint32_t last = window.places()[window.frames(stack).back()].mapping;
    Counts* counts = last == profile::kNoMapping ? nullptr : by_mapping[last];
    if (counts) counts->ended[stop] += count;
  }
}

std::vector<ModuleUnwinding> UnwindQuality::modules() const {
  std::vector<ModuleUnwinding> modules;
  for (const auto& [key, counts] : modules_) {
    ModuleUnwinding module{
        .file = key.first, .build_id = key.second, .stacks = counts.stacks, .complete = counts.complete};
    for (std::size_t stop = 0; stop < kStackStops; ++stop) {
      if (counts.ended[stop] == 0) continue;
      module.ended.push_back({std::string(stack_stops()[stop].reason), counts.ended[stop]});
    }
    modules.push_back(std::move(module));
  }
  std::ranges::sort(modules, std::greater(), &ModuleUnwinding::stacks);
  return modules;
}

}  // namespace weir::profiler
