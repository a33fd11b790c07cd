#include "profiler/frame_names.h"

#include <algorithm>

#include "profiler/process/modules.h"
#include "profiler/symbols/vdso.h"

namespace weir::profiler {

namespace {

using profile::NoName;

// About 4 MB. Beyond it all are asked for again: the symbol tables still have them.
constexpr std::size_t kMostNames = 32u << 10;

// Another try in a later window may do better.
bool may_change(NoName why) {
  return why == NoName::process_gone || why == NoName::unreadable || why == NoName::evicted;
}

// Where the file of a module can be opened now: a path, "", or why nobody knows.
Result<std::string> look_for(WatchedReads& reads, const Module& module, std::span<const std::uint32_t> pids) {
  constexpr std::size_t kMostTries = 8;
  // Its processes may have ended: the file may still be here, if they saw the same files as we do.
  constexpr std::uint32_t kOurselves = 0;
  Result<std::string> hung;
  for (std::uint32_t pid : pids.first(std::min(pids.size(), kMostTries))) {
    auto found = locate(reads, module, pid);
    if (found && !found->empty()) return found;
    if (!found) hung = std::move(found);
  }
  // What hangs for a process hangs for us.
  return hung ? locate(reads, module, kOurselves) : hung;
}

}  // namespace

void FrameNames::begin(Demangle demangle, std::span<const std::uint32_t> pids) {
  symbolizer_->set_demangle(demangle);
  mode_ = &modes_[demangle];
  mode_->used = true;
  pids_ = pids;
}

const NamedFrame& FrameNames::name(const Place& place, const ModulePtr& module) {
  if (place.kind == profile::FrameKind::kernel) {
    auto [at, is_new] = kernel_.try_emplace(place.offset);
    if (is_new) at->second = symbolizer_->name_kernel(place.offset);
    return at->second;
  }
  if (!module) {
    unnamed_ = {.no_name = place.why, .address = place.offset, .lines = {}};
    return unnamed_;
  }
  return name_in(of_module(module), *module, place.offset);
}

const NamedFrame* FrameNames::find(const Place& place, const ModulePtr& module) {
  if (place.kind == profile::FrameKind::kernel) {
    auto known = kernel_.find(place.offset);
    return known == kernel_.end() ? nullptr : &known->second;
  }
  if (!module) return nullptr;
  const OfModule& of = of_module(module);
  auto known = of.names.find(place.offset);
  return known == of.names.end() || may_change(known->second.no_name) ? nullptr : &known->second;
}

void FrameNames::prepare(const TargetWindow& window, std::span<const std::uint32_t> places) {
  std::map<ModulePtr, std::vector<std::uint64_t>> wanted;
  for (std::uint32_t index : places) {
    const Place& place = window.places()[index];
    if (place.mapping == profile::kNoMapping || place.kind == profile::FrameKind::kernel) continue;
    const ModulePtr& module = window.mappings()[place.mapping].module;
    if (module->is_file()) wanted[module].push_back(place.offset);
  }
  for (const auto& [module, offsets] : wanted) {
    OfModule& of = of_module(module);
    if (of.looked_for == 0) look(of, *module);
    symbolizer_->prepare(of.file, offsets);
  }
}

FrameNames::OfModule& FrameNames::of_module(const ModulePtr& module) {
  OfModule& of = mode_->modules[module.get()];
  if (of.module.lock() != module) {
    of = OfModule{};
    of.module = module;
  }
  return of;
}

void FrameNames::look(OfModule& of, const Module& module) {
  auto found = look_for(*reads_, module, pids_);
  of.looked_for = window_;
  of.file = {.path = module.path,
             .host_path = found.value_or(""),
             .build_id = module.build_id,
             .device = module.device,
             .inode = module.inode};
  of.hung = found ? nullptr : std::make_shared<const std::string>(std::move(found.error().message));
}

const NamedFrame& FrameNames::name_in(OfModule& of, const Module& module, std::uint64_t offset) {
  auto [at, is_new] = of.names.try_emplace(offset);
  if (!is_new && !may_change(at->second.no_name)) return at->second;
  if (is_new) ++names_;
  if (module.is_anonymous()) {
    at->second = {.no_name = NoName::jit, .address = offset, .lines = {}};
    return at->second;
  }
  if (module.path == kVdso) {
    at->second = symbolizer_->name({.path = module.path}, offset);
    return at->second;
  }
  if (!module.is_file()) {
    // The kernel's own pages, such as [vsyscall].
    at->second = {.no_name = NoName::stripped, .address = offset, .lines = {}};
    return at->second;
  }
  if (of.looked_for == 0) look(of, module);
  at->second = symbolizer_->name(of.file, offset);
  if (may_change(at->second.no_name) && of.looked_for != window_) {
    // Where it was found once, it may not be any more.
    look(of, module);
    at->second = symbolizer_->name(of.file, offset);
  }
  if (at->second.no_name == NoName::process_gone && of.hung) {
    at->second.no_name = NoName::unreadable;
    at->second.why = of.hung;
  }
  return at->second;
}

void FrameNames::forget() {
  modes_.clear();
  kernel_.clear();
  mode_ = nullptr;
  names_ = 0;
}

void FrameNames::end_window() {
  symbolizer_->end_window();
  mode_ = nullptr;
  ++window_;
  if (modes_.size() > 1) std::erase_if(modes_, [](const auto& entry) { return !entry.second.used; });
  if (names_ + kernel_.size() > kMostNames) {
    forget();
  }
  names_ = 0;
  for (auto& [demangle, mode] : modes_) {
    mode.used = false;
    std::erase_if(mode.modules, [](const auto& entry) { return entry.second.module.expired(); });
    for (auto& [key, of] : mode.modules) {
      // With a build id what is found in the old place is the file, or refused; else it may be another.
      if (of.file.build_id.empty() || of.file.host_path.empty()) of.looked_for = 0;
      names_ += of.names.size();
    }
  }
}

}  // namespace weir::profiler
