// What a Docker daemon answers.
#include <cstdint>
#include <string_view>

#include "components/discovery/docker_targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t half = text.find('\0');
  std::string_view networks = half == std::string_view::npos ? "[]" : text.substr(half + 1);
  (void)weir::discovery::docker_targets(text.substr(0, half), networks, {});
  return 0;
}
