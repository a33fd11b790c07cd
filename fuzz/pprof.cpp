// Any bytes are a profile or an error; a profile can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "profile/flame.h"
#include "profile/pprof.h"
#include "profile/text_formats.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::profile;
  constexpr std::size_t kLimit = 1 << 20;
  auto decoded = decode_pprof(std::string_view(reinterpret_cast<const char*>(data), size), kLimit);
  if (!decoded) return 0;
  auto again = decode_pprof(encode_pprof(*decoded), 64 * kLimit);
  if (!again || again->samples.size() != decoded->samples.size()) std::abort();
  FlameTree tree;
  tree.add(*decoded);
  tree.finish(100);
  if (tree.nodes().size() > 100) std::abort();
  (void)encode_folded(*decoded);
  return 0;
}
