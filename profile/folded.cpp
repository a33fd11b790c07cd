#include <fmt/core.h>

#include "profile/flame.h"

namespace weir::profile {
namespace {

// A name must not end its field or its line.
void append_name(std::string& out, std::string_view name) {
  for (char c : name) out += c == ';' ? ':' : c == '\n' || c == '\r' ? ' ' : c;
}

}  // namespace

std::string encode_folded(const Profile& profile) {
  std::string out;
  for (const Sample& sample : profile.samples) {
    const Stack& stack = profile.stacks[sample.stack];
    for (std::size_t i = stack.frames.size(); i-- > 0;) {
      const Frame& frame = profile.frames[stack.frames[i]];
      if (frame.lines.empty()) append_name(out, display_name(frame, profile.mappings));
      for (std::size_t line = frame.lines.size(); line-- > 0;) {
        append_name(out, frame.lines[line].function);
        if (line > 0) out += ';';
      }
      out += i > 0 ? ';' : ' ';
    }
    if (stack.frames.empty()) out += "[empty] ";
    out += fmt::format("{}\n", sample.value);
  }
  return out;
}

}  // namespace weir::profile
