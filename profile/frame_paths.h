// FramePaths: names become numbers once a profile, so that who walks its
// stacks compares numbers only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/hash_index.h"
#include "profile/profile.h"

namespace weir::profile {

// A function as forms of output tell functions apart: by name and module.
struct Symbol {
  std::string name;    // as display_name() says where the frame has none
  std::string module;  // base name of the mapping's file
  FrameKind kind = FrameKind::native;
  NoName no_name = NoName::named;
};

class FramePaths {
 public:
  // Names the frames of `profile`. A function has the same number in all of the profiles.
  void read(const Profile& profile);
  // Symbols of frame i of the profile read last, outermost function first: several where the compiler
  // inlined.
  std::span<const std::uint32_t> of(std::uint32_t frame) const {
    return std::span(path_).subspan(first_[frame], first_[frame + 1] - first_[frame]);
  }
  const std::vector<Symbol>& symbols() const { return symbols_; }

 private:
  std::uint32_t symbol(std::string_view name, std::string_view module, const Frame& frame);

  std::vector<Symbol> symbols_;
  HashIndex by_name_;
  std::vector<std::uint32_t> first_;  // of frame i in path_; one more than there are frames
  std::vector<std::uint32_t> path_;
};

}  // namespace weir::profile
