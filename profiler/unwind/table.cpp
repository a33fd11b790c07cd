#include "profiler/unwind/table.h"

#include <algorithm>

namespace weir::profiler {

// What is reserved past the end has never been touched.
std::size_t UnwindTable::bytes() const {
  return starts.size() * sizeof starts[0] + rules.size() * sizeof rules[0] +
         distinct.size() * sizeof distinct[0];
}

unwind_rule UnwindTable::find(std::uint64_t address) const {
  if (address < base || address - base > UINT32_MAX) return {};
  auto after = std::upper_bound(starts.begin(), starts.end(), static_cast<std::uint32_t>(address - base));
  if (after == starts.begin()) return {};
  return distinct[rules[static_cast<std::size_t>(after - starts.begin()) - 1]];
}

}  // namespace weir::profiler
