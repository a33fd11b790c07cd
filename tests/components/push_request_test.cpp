#include "components/pyroscope/push_request.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace weir::pyroscope {
namespace {

using profile::Profile;

// `count` samples, each of a frame in a file of its own, and each stack of one name more that all share.
Profile profile_of(std::uint32_t count, std::size_t name_bytes, std::size_t shared_bytes) {
  Profile profile;
  profile.labels = {{"service_name", "shop"}, {"__name__", "process_cpu"}};
  auto add_frame = [&](std::string name) {
    auto mapping = static_cast<std::uint32_t>(profile.mappings.size());
    profile.mappings.push_back({.file = fmt::format("/lib/{}.so", mapping), .start = mapping + 1u});
    profile.frames.push_back(
        {.no_name = profile::NoName::named, .mapping = mapping, .lines = {{std::move(name), "", 0}}});
  };
  add_frame(std::string(shared_bytes, 's'));
  for (std::uint32_t i = 0; i < count; ++i) {
    add_frame(fmt::format("{}{}", i, std::string(name_bytes, 'f')));
    profile.stacks.push_back({.frames = {i + 1, 0}});
    profile.sample_labels.push_back({{"comm", fmt::format("thread {}", i)}});
    profile.samples.push_back({.stack = i, .value = 1, .count = 1, .labels = i});
  }
  return profile;
}

TEST_CASE("parts of a profile hold what they need and nothing else") {
  Profile whole = profile_of(4000, 4000, 10);
  EncodeLosses losses;
  auto parts = encode_push(whole, {}, &losses);
  CHECK(parts.size() == 4);
  CHECK(losses.too_large == 0);
  std::uint64_t bytes = 0;
  for (const auto& part : parts) {
    CHECK(part->raw_bytes <= kServerRawBytes);
    bytes += part->raw_bytes;
  }
  // Copies of every mapping in every part would be half as much again.
  CHECK(bytes < 4000 * (4000 + 110));
}

TEST_CASE("what all samples share is not sent over and over: parts that do not get smaller are given up") {
  EncodeLosses losses;
  CHECK(encode_push(profile_of(1000, 10, 5 << 20), {}, &losses).empty());
  CHECK(losses.too_large > 0);
  CHECK(losses.too_large < 10);
  losses = {};
  CHECK(encode_push(profile_of(1, 5 << 20, 10), {}, &losses).empty());
  CHECK(losses.too_large == 1);
}

TEST_CASE("a service's name is no longer in the queue than a server takes it") {
  Profile profile = profile_of(1, 10, 10);
  profile.labels = {{"service_name", std::string(1 << 20, 'x')}, {"__name__", "process_cpu"}};
  auto requests = encode_push(profile, {});
  REQUIRE(requests.size() == 1);
  CHECK(requests[0]->service == std::string(kServerLabelValue, 'x'));
}

}  // namespace
}  // namespace weir::pyroscope
