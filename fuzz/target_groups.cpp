// The files of discovery.file and the answers to discovery.http. The first byte says which of the two forms.
#include <cstdint>
#include <string_view>

#include "components/discovery/target_groups.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using weir::discovery::GroupFormat;
  if (size == 0) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  GroupFormat format = data[0] % 2 == 0 ? GroupFormat::json : GroupFormat::yaml;
  (void)weir::discovery::target_groups(text, format, {"__meta_filepath", "f"});
  return 0;
}
