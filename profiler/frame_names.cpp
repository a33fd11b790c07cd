#include "profiler/frame_names.h"

#include <algorithm>

#include "profiler/process/modules.h"

namespace weir::profiler {

namespace {

using profile::NoName;

// About 4 MB. Beyond it all are asked for again: the symbol tables still have them.
constexpr std::size_t kMostNames = 32u << 10;

// Another try in a later window may do better.
bool may_change(NoName why) {
  return why == NoName::process_gone || why == NoName::unreadable || why == NoName::evicted;
}

}  // namespace

const NamedFrame& FrameNames::name(const Place& place, const ModulePtr& module,
                                   std::span<const std::uint32_t> pids) {
  if (place.kind == profile::FrameKind::kernel) {
    auto [at, is_new] = kernel_.try_emplace(place.offset);
    if (is_new) at->second = symbolizer_->name_kernel(place.offset);
    return at->second;
  }
  if (!module) {
    unnamed_ = {.no_name = place.why, .address = place.offset, .lines = {}};
    return unnamed_;
  }
  OfModule& of = modules_[module.get()];
  of.module = module;
  return name_in(of, place.offset, pids);
}

const NamedFrame& FrameNames::name_in(OfModule& of, std::uint64_t offset,
                                      std::span<const std::uint32_t> pids) {
  auto [at, is_new] = of.names.try_emplace(offset);
  if (!is_new && !may_change(at->second.no_name)) return at->second;
  if (is_new) ++names_;
  if (of.module->is_anonymous()) {
    at->second = {.no_name = NoName::jit, .address = offset, .lines = {}};
    return at->second;
  }
  if (!of.module->is_file()) {
    // The kernel's own pages, such as [vdso].
    at->second = {.no_name = NoName::stripped, .address = offset, .lines = {}};
    return at->second;
  }
  if (!of.looked_for) look_for(of, pids);
  at->second = symbolizer_->name(of.file, offset);
  return at->second;
}

void FrameNames::look_for(OfModule& of, std::span<const std::uint32_t> pids) {
  of.looked_for = true;
  const Module& module = *of.module;
  of.file = {.path = module.path,
             .host_path = "",
             .build_id = module.build_id,
             .device = module.device,
             .inode = module.inode};
  constexpr std::size_t kMostTries = 8;
  for (std::uint32_t pid : pids.first(std::min(pids.size(), kMostTries))) {
    if (!of.file.host_path.empty()) return;
    of.file.host_path = locate(module, pid);
  }
  // Its processes have ended: the file may still be here, if they saw the same files as we do.
  constexpr std::uint32_t kOurselves = 0;
  if (of.file.host_path.empty()) of.file.host_path = locate(module, kOurselves);
}

void FrameNames::end_window() {
  for (auto& [key, of] : modules_) of.looked_for = false;
  if (names_ + kernel_.size() > kMostNames) {
    modules_.clear();
    kernel_.clear();
    names_ = 0;
  }
  // A module that only we hold is mapped nowhere any more.
  std::erase_if(modules_, [&](const auto& entry) {
    bool unused = entry.second.module.use_count() <= 2;  // we and the table of modules
    if (unused) names_ -= std::min(names_, entry.second.names.size());
    return unused;
  });
}

void FrameNames::set_demangle(Demangle demangle) {
  symbolizer_->set_demangle(demangle);
  modules_.clear();
  kernel_.clear();
  names_ = 0;
}

}  // namespace weir::profiler
