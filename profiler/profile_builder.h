// Makes a profile of a window: names its frames, leaves the rest as it is.
#pragma once

#include <cstdint>
#include <span>

#include "profile/profile.h"
#include "profiler/frame_names.h"
#include "profiler/window.h"

namespace weir::profiler {

struct WindowFacts {
  profile::Labels labels;
  std::uint32_t sample_rate = 0;
  WallTime start;
  Duration duration{};
  std::string kernel_build_id;
  Demangle demangle = Demangle::none;
  CommPlace comm = CommPlace::none;
};

profile::Profile build_profile(const TargetWindow& window, const WindowFacts& facts, FrameNames& names,
                               std::span<const std::uint32_t> pids);

// Whether the outermost frames of a chain of frame pointers are where every thread begins. The C library
// clears the frame pointer there only on some paths, so that a chain may end one frame later than it says.
bool begins_thread(const profile::Profile& profile, std::span<const std::uint32_t> frames);

}  // namespace weir::profiler
