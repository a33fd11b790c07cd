// Any bytes are a record of the store, or an error; what was read can be written and read again.
#include <zstd.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "store/merge.h"
#include "store/record.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (auto head = store::decode_head(bytes)) {
    std::string again = std::visit([](const auto& record) { return store::encode_head(record); }, *head);
    if (!store::decode_head(again)) std::abort();
  }
  profile::Profile profile;
  (void)store::decode_body(bytes, profile);
  // The fuzzer does not find out by itself what unpacks to something.
  std::string body(ZSTD_compressBound(size), '\0');
  body.resize(ZSTD_compress(body.data(), body.size(), data, size, 1));
  profile = {};
  if (!store::decode_body(body, profile)) return 0;
  store::Merger merger;
  merger.add(profile);
  merger.add(profile);
  profile::Profile again;
  if (!store::decode_body(store::encode_body(profile), again)) std::abort();
  if (again.samples != profile.samples || again.stacks != profile.stacks) std::abort();
  return 0;
}
