#include "profiler/profile_builder.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "profiler/sample_tags.h"

namespace weir::profiler {

namespace {

using profile::FrameKind;

constexpr std::uint64_t kKernelStart = 0xffff'8000'0000'0000;  // x86-64: the upper half belongs to the kernel
constexpr std::int64_t kNsPerSecond = 1'000'000'000;

constexpr std::array<std::string_view, 14> kThreadStarts = {
    "_start",
    "__libc_start_main",
    "__libc_start_call_main",
    "start_thread",
    "clone",
    "clone3",
    "__clone3",
    "__clone",
    "__clone_internal",
    // Go: where goroutines and threads begin, and where its runtime changes to a stack of its own.
    "runtime.goexit",
    "runtime.mstart",
    "runtime.rt0_go",
    "runtime.mcall",
    "runtime.morestack",
};

std::string_view function_of(const profile::Frame& frame) {
  if (frame.lines.empty()) return "";
  std::string_view name = frame.lines.back().function;
  // A symbol version: "__libc_start_main@@GLIBC_2.34".
  return name.substr(0, name.find('@'));
}

class FrameMaker {
 public:
  FrameMaker(const TargetWindow& window, const WindowFacts& facts, FrameNames& names)
      : window_(window), facts_(facts), names_(names) {}

  void make(profile::Profile& profile);

 private:
  const ModulePtr& module_of(const Place& place) const;
  profile::Frame make_frame(const Place& place, const NamedFrame& named, profile::Profile& profile);
  // "[kernel]", or "[kernel:nf_tables]" for a module of it; made at first need.
  std::uint32_t kernel_mapping(const std::string& module, profile::Profile& profile);

  const TargetWindow& window_;
  const WindowFacts& facts_;
  FrameNames& names_;
  std::map<std::string, std::uint32_t> kernel_mappings_;
};

void FrameMaker::make(profile::Profile& profile) {
  for (const ProcessMapping& mapping : window_.mappings()) {
    profile.mappings.push_back({.file = mapping.module->path,
                                .build_id = mapping.module->build_id,
                                .start = mapping.start,
                                .limit = mapping.limit,
                                .offset = mapping.offset});
  }
  const std::vector<Place>& places = window_.places();
  profile.frames.resize(places.size());
  std::vector<std::uint32_t> unknown;
  for (std::uint32_t i = 0; i < places.size(); ++i) {
    const NamedFrame* known = names_.find(places[i], module_of(places[i]));
    if (known) {
      profile.frames[i] = make_frame(places[i], *known, profile);
    } else {
      unknown.push_back(i);
    }
  }
  names_.prepare(window_, unknown);
  for (std::uint32_t i : unknown)
    profile.frames[i] = make_frame(places[i], names_.name(places[i], module_of(places[i])), profile);
}

const ModulePtr& FrameMaker::module_of(const Place& place) const {
  static const ModulePtr kNone;
  return place.mapping == profile::kNoMapping ? kNone : window_.mappings()[place.mapping].module;
}

std::uint32_t FrameMaker::kernel_mapping(const std::string& module, profile::Profile& profile) {
  auto [at, is_new] =
      kernel_mappings_.try_emplace(module, static_cast<std::uint32_t>(profile.mappings.size()));
  if (!is_new) return at->second;
  bool itself = module.empty();
  profile.mappings.push_back({.file = itself ? "[kernel]" : "[kernel:" + module + "]",
                              .build_id = itself ? facts_.kernel_build_id : "",
                              .start = kKernelStart,
                              .limit = ~std::uint64_t{0}});
  return at->second;
}

profile::Frame FrameMaker::make_frame(const Place& place, const NamedFrame& named,
                                      profile::Profile& profile) {
  profile::Frame frame;
  frame.kind = place.kind == FrameKind::native ? named.kind : place.kind;
  frame.no_name = named.no_name;
  frame.lines = named.lines;
  frame.address = named.address != 0 ? named.address : place.offset;
  frame.mapping = place.mapping;
  if (place.kind == FrameKind::kernel) frame.mapping = kernel_mapping(named.module, profile);
  if (named.why && frame.mapping < profile.mappings.size())
    profile.mappings[frame.mapping].why_no_name = *named.why;
  return frame;
}

}  // namespace

bool begins_thread(const profile::Profile& profile, std::span<const std::uint32_t> frames) {
  if (frames.empty()) return false;
  std::string_view root = function_of(profile.frames[frames.back()]);
  if (std::ranges::find(kThreadStarts, root) != kThreadStarts.end()) return true;
  if (frames.size() < 2) return false;
  // A stripped C library has no name for what calls these.
  std::string_view first = function_of(profile.frames[frames[frames.size() - 2]]);
  return first == "main" || first == "execute_native_thread_routine";
}

namespace {

bool is_complete(const profile::Profile& profile, const StackEnding& ending,
                 std::span<const std::uint32_t> frames) {
  if (ending.truncated) return false;
  if (ending.end == StackEnd::thread_start) return true;
  return ending.end == StackEnd::chain_end && begins_thread(profile, frames);
}

}  // namespace

profile::Profile build_profile(const TargetWindow& window, const WindowFacts& facts, FrameNames& names,
                               std::span<const std::uint32_t> pids) {
  profile::Profile profile;
  profile.id = profile::ProfileId::random();
  profile.labels = facts.labels;
  profile.period = kNsPerSecond / facts.sample_rate;
  profile.start = facts.start;
  profile.duration = facts.duration;
  profile.pprof_bytes = std::make_shared<std::atomic<std::uint64_t>>(0);
  names.begin(facts.demangle, pids);
  FrameMaker(window, facts, names).make(profile);
  profile.stacks.reserve(window.stacks().size());
  for (const WindowStack& stack : window.stacks()) {
    auto frames = window.frames(stack);
    auto index = static_cast<std::uint32_t>(profile.stacks.size());
    profile.stacks.push_back({.frames = {frames.begin(), frames.end()},
                              .complete = is_complete(profile, stack.ending, frames),
                              .truncated = stack.ending.truncated});
    profile.samples.push_back({.stack = index, .value = stack.count * profile.period, .count = stack.count});
  }
  if (!window.tagged().empty()) apply_tags(window, facts.comm, profile);
  return profile;
}

}  // namespace weir::profiler
