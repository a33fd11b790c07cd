// Any name in any mode ends soon and stays within bounds.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "profiler/symbols/demangle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::profiler;
  std::string_view name(reinterpret_cast<const char*>(data), size);
  for (Demangle mode : {Demangle::none, Demangle::simplified, Demangle::templates, Demangle::full}) {
    if (demangle(name, mode).size() > (16u << 10) && demangle(name, mode) != name) std::abort();
  }
  return 0;
}
