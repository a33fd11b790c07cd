#include "profile/frame.h"

#include <fmt/core.h>

#include "profile/text.h"

namespace weir::profile {

std::string_view base_name(std::string_view path) {
  std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view module_name(const Frame& frame, const std::vector<Mapping>& mappings) {
  if (frame.mapping < mappings.size()) return base_name(mappings[frame.mapping].file);
  return frame.kind == FrameKind::kernel ? kKernelFile : std::string_view();
}

std::string place_name(std::string_view module, std::uint64_t address) {
  if (module.empty()) return std::string(kUnknownName);
  return fmt::format("{}+{:#x}", module, address);
}

std::string display_name(const Frame& frame, const std::vector<Mapping>& mappings) {
  if (!frame.lines.empty()) return frame.lines.front().function;
  return place_name(module_name(frame, mappings), frame.address);
}

std::string_view to_string(FrameKind kind) {
  switch (kind) {
    case FrameKind::native: return "native";
    case FrameKind::kernel: return "kernel";
    case FrameKind::python: return "python";
    case FrameKind::go: return "go";
    case FrameKind::javascript: return "javascript";
    case FrameKind::java: return "java";
    case FrameKind::ruby: return "ruby";
    case FrameKind::php: return "php";
    case FrameKind::dotnet: return "dotnet";
    case FrameKind::jit: return "jit";
    case FrameKind::unknown: break;
  }
  return "unknown";
}

std::string_view to_string(NoName why) {
  switch (why) {
    case NoName::named: return "named";
    case NoName::stripped: return "stripped";
    case NoName::no_mapping: return "no_mapping";
    case NoName::process_gone: return "process_gone";
    case NoName::unreadable: return "unreadable";
    case NoName::jit: return "jit";
    case NoName::evicted: return "evicted";
  }
  return "unknown";
}

}  // namespace weir::profile
