// A kubeconfig file.
#include <cstdint>
#include <string_view>

#include "components/discovery/kubeconfig.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  (void)weir::discovery::Kubeconfig::read({reinterpret_cast<const char*>(data), size}, "/etc/weir");
  return 0;
}
