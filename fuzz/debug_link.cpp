// Any bytes are a .gnu_debuglink that names a file in a folder, or none.
#include <cstdint>
#include <cstdlib>

#include "profiler/symbols/debug_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weir::profiler;
  auto link = parse_debug_link({reinterpret_cast<const char*>(data), size});
  if (!link) return 0;
  const std::string& name = link->name;
  if (name.empty() || name.size() > 255 || name == "." || name == "..") std::abort();
  if (name.find('/') != std::string::npos || name.find('\0') != std::string::npos) std::abort();
  return 0;
}
