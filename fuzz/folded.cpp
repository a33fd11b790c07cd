// Any bytes are folded stacks or an error; what was read is written and read again as the same.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "profile/text_formats.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::profile;
  constexpr std::size_t kLimit = 1 << 20;
  constexpr std::size_t kLargest = 1024;  // what is larger only takes longer
  if (size > kLargest) return -1;
  auto decoded = decode_folded(std::string_view(reinterpret_cast<const char*>(data), size), kLimit);
  if (!decoded) return 0;
  auto again = decode_folded(encode_folded(*decoded), 4 * kLimit);
  if (!again || again->total() != decoded->total()) std::abort();
  (void)encode_speedscope(*decoded, "");
  return 0;
}
