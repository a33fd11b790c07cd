#include "profile/frame_paths.h"

#include "profile/text.h"

namespace weir::profile {

std::uint32_t FramePaths::symbol(std::string_view name, std::string_view module, const Frame& frame) {
  auto next = static_cast<std::uint32_t>(symbols_.size());
  auto [index, is_new] = by_name_.find_or_insert(
      hash_string(module, hash_string(name)), next,
      [&](std::uint32_t i) { return symbols_[i].name == name && symbols_[i].module == module; });
  if (is_new) symbols_.push_back({std::string(name), std::string(module), frame.kind, frame.no_name});
  return index;
}

void FramePaths::read(const Profile& profile) {
  first_.clear();
  path_.clear();
  for (const Frame& frame : profile.frames) {
    first_.push_back(static_cast<std::uint32_t>(path_.size()));
    std::string_view module = module_name(frame, profile.mappings);
    if (frame.lines.empty()) path_.push_back(symbol(place_name(module, frame.address), module, frame));
    for (auto line = frame.lines.rbegin(); line != frame.lines.rend(); ++line)
      path_.push_back(symbol(line->function, module, frame));
  }
  first_.push_back(static_cast<std::uint32_t>(path_.size()));
}

}  // namespace weir::profile
