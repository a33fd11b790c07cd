// A pattern of paths, and a path that it may fit: the two with a zero byte between them.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "components/local/path_pattern.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t half = std::min(text.find('\0'), text.size());
  auto pattern = weir::local::PathPattern::parse(text.substr(0, half));
  if (pattern) (void)pattern->matches(text.substr(std::min(half + 1, text.size())));
  return 0;
}
