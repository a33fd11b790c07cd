// What has become of symbol tables that were there once.
#pragma once

#include <cstdint>

namespace weir::profiler {

// Tables given up for the limits on how many there are, or on their bytes.
struct SymbolStats {
  std::uint64_t evicted_with_build_id = 0;
  std::uint64_t evicted_by_inode = 0;
};

}  // namespace weir::profiler
