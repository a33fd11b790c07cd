#include "profiler/naming.h"

#include <doctest/doctest.h>

namespace weir::profiler {

using profile::Frame;
using profile::FrameKind;
using profile::NoName;

TEST_CASE("how much of a profile has names, and where most of the rest is") {
  const Frame named{
      .kind = FrameKind::native, .no_name = NoName::named, .mapping = 0, .lines = {{"f", "", 0}}};
  const Frame stripped{.kind = FrameKind::native, .no_name = NoName::stripped, .mapping = 1};
  const Frame found{.kind = FrameKind::native, .no_name = NoName::stripped, .mapping = 2};
  const Frame nowhere{.kind = FrameKind::unknown, .no_name = NoName::no_mapping};
  const Frame kernel{.kind = FrameKind::kernel, .no_name = NoName::stripped};
  struct Row {
    const char* name;
    std::vector<Frame> frames;
    std::vector<std::int64_t> counts;  // a stack of the frames up to each, and how often
    std::uint64_t all, named;
    const char* unnamed;
  };
  const Row rows[] = {
      {"all have names", {named, named}, {0, 3}, 6, 6, ""},
      {"nothing was sampled", {}, {}, 0, 0, ""},
      {"each as often as it was sampled",
       {named, stripped},
       {10, 1},
       12,
       11,
       "/lib/b.so: the file has no symbols there, and there is no debug file"},
      {"what was looked at", {named, found}, {0, 1}, 2, 1, "/lib/c.so: no debug file: /usr/lib/debug/c"},
      {"the file with most",
       {found, stripped, found},
       {1, 0, 1},
       4,
       0,
       "/lib/c.so: no debug file: /usr/lib/debug/c"},
      {"no file at all", {nowhere}, {1}, 1, 0, "no mapping of the process covers these addresses"},
      {"the kernel's do not count", {kernel, named}, {0, 2}, 2, 2, ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    profile::Profile profile;
    profile.mappings = {{.file = "/bin/a"},
                        {.file = "/lib/b.so"},
                        {.file = "/lib/c.so", .why_no_name = "no debug file: /usr/lib/debug/c"}};
    profile.frames = row.frames;
    for (std::uint32_t i = 0; i < row.counts.size(); ++i) {
      profile::Stack stack;
      for (std::uint32_t frame = 0; frame <= i; ++frame) stack.frames.push_back(frame);
      profile.stacks.push_back(stack);
      profile.samples.push_back({.stack = i, .value = row.counts[i], .count = row.counts[i]});
    }
    Naming naming = naming_of(profile);
    CHECK(naming.frames == row.all);
    CHECK(naming.named == row.named);
    CHECK(naming.unnamed == row.unnamed);
  }
}

}  // namespace weir::profiler
