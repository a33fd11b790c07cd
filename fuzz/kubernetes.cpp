// What a Kubernetes API server answers.
#include <cstdint>
#include <string_view>

#include "components/discovery/kubernetes_pods.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)weir::discovery::read_pod_list(text);
  (void)weir::discovery::read_pod_event(text);
  (void)weir::discovery::status_message(text);
  return 0;
}
