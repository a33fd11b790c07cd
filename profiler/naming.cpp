#include "profiler/naming.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace weir::profiler {
namespace {

using profile::Frame;
using profile::NoName;

std::string_view meaning(NoName why) {
  switch (why) {
    case NoName::named: return "";
    case NoName::stripped: return "the file has no symbols there, and there is no debug file";
    case NoName::no_mapping: return "no mapping of the process covers these addresses";
    case NoName::process_gone: return "the process ended before its files could be opened";
    case NoName::unreadable: return "the file cannot be read";
    case NoName::jit: return "code made at run time, without a map of it";
    case NoName::evicted: return "the memory limit leaves no room for its symbols";
  }
  return "";
}

std::string describe(const profile::Profile& profile, const Frame& frame) {
  if (frame.mapping >= profile.mappings.size()) return std::string(meaning(frame.no_name));
  const profile::Mapping& mapping = profile.mappings[frame.mapping];
  std::string_view why = mapping.why_no_name.empty() ? meaning(frame.no_name) : mapping.why_no_name;
  return fmt::format("{}: {}", mapping.file, why);
}

}  // namespace

Naming naming_of(const profile::Profile& profile) {
  Naming naming;
  struct Unnamed {
    std::uint64_t count = 0;
    const Frame* example = nullptr;
  };
  std::map<std::uint32_t, Unnamed> unnamed;  // by mapping
  for (const auto& sample : profile.samples) {
    auto count = static_cast<std::uint64_t>(sample.count);
    for (std::uint32_t index : profile.stacks[sample.stack].frames) {
      const Frame& frame = profile.frames[index];
      if (frame.kind == profile::FrameKind::kernel) continue;
      naming.frames += count;
      if (!frame.lines.empty()) {
        naming.named += count;
        continue;
      }
      Unnamed& of = unnamed[frame.mapping];
      of.count += count;
      of.example = &frame;
    }
  }
  auto most = std::ranges::max_element(unnamed, {}, [](const auto& entry) { return entry.second.count; });
  if (most != unnamed.end()) naming.unnamed = describe(profile, *most->second.example);
  return naming;
}

}  // namespace weir::profiler
