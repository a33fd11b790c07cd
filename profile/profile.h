// A profile: what one target did during one window, of one type. Immutable
// once made and shared by pointer between all receivers.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "profile/frame.h"
#include "profile/labels.h"

namespace weir::profile {

// Random 128 bits: the same profile keeps its id through queues, disks and resends.
struct ProfileId {
  std::array<std::uint8_t, 16> bytes{};

  static ProfileId random();
  // Of what to_string() writes; nothing of any other text.
  static std::optional<ProfileId> parse(std::string_view text);
  std::string to_string() const;  // as a UUID, 8-4-4-4-12
  auto operator<=>(const ProfileId&) const = default;
};

struct ProfileType {
  std::string name = "process_cpu";         // label __name__
  std::string sample_type = "cpu";          // what a value counts …
  std::string sample_unit = "nanoseconds";  // … and in what
  std::string period_type = "cpu";
  std::string period_unit = "nanoseconds";

  bool operator==(const ProfileType&) const = default;
};

struct Stack {
  std::vector<std::uint32_t> frames;  // indexes into Profile::frames, leaf first
  bool complete = false;              // the last frame is where the thread began
  bool truncated = false;             // deeper than the sampler's limit

  bool operator==(const Stack&) const = default;
};

inline constexpr std::uint32_t kNoLabels = 0xffffffff;

struct Sample {
  std::uint32_t stack = 0;           // index into Profile::stacks
  std::int64_t value = 0;            // in ProfileType::sample_unit
  std::int64_t count = 0;            // how many times it was sampled
  std::uint32_t labels = kNoLabels;  // index into Profile::sample_labels

  bool operator==(const Sample&) const = default;
};

struct Profile {
  ProfileId id;
  Labels labels;  // of the target, service_name among them; __name__ too
  ProfileType type;
  std::int64_t period = 0;  // in ProfileType::period_unit, between two samples
  WallTime start;           // of the window
  Duration duration{};

  std::vector<Mapping> mappings;
  std::vector<Frame> frames;    // each distinct frame once
  std::vector<Stack> stacks;    // each distinct stack once
  std::vector<Sample> samples;  // each pair of stack and labels once
  // Each distinct set once: of the thread that was sampled ("comm", "pid"). pprof carries them; stores and
  // flame trees add up the samples of a stack whatever their labels.
  std::vector<Labels> sample_labels;
  // How large the profile is as gzipped pprof: 0 until somebody has encoded it. Null where nobody asks.
  std::shared_ptr<std::atomic<std::uint64_t>> pprof_bytes = nullptr;

  std::int64_t total() const;  // sum of all values
};

// Values of foreign profiles may be anything; sums of them stop at the limits of the type.
inline std::int64_t add_saturating(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b < 0 ? INT64_MIN : INT64_MAX;
}

inline std::int64_t subtract_saturating(std::int64_t a, std::int64_t b) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(a, b, &difference)) return difference;
  return b < 0 ? INT64_MAX : INT64_MIN;
}

using ProfilePtr = std::shared_ptr<const Profile>;

}  // namespace weir::profile
