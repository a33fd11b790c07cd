#include "profiler/process/module.h"

#include <algorithm>
#include <utility>

namespace weir::profiler {

void MappingTable::insert(ProcessMapping mapping) {
  if (mapping.limit <= mapping.start) return;
  auto first = std::ranges::partition_point(
      mappings_, [&](const ProcessMapping& m) { return m.limit <= mapping.start; });
  auto last = std::partition_point(first, mappings_.end(),
                                   [&](const ProcessMapping& m) { return m.start < mapping.limit; });
  // What sticks out of the new range on either side stays mapped.
  std::vector<ProcessMapping> rest;
  if (first != last && first->start < mapping.start) {
    rest.push_back(*first);
    rest.back().limit = mapping.start;
  }
  rest.push_back(mapping);
  if (first != last && std::prev(last)->limit > mapping.limit) {
    const ProcessMapping& over = *std::prev(last);
    rest.push_back({mapping.limit, over.limit, over.offset + (mapping.limit - over.start), over.module});
  }
  auto at = mappings_.erase(first, last);
  if (mappings_.size() + rest.size() > kMost) return;
  mappings_.insert(at, std::make_move_iterator(rest.begin()), std::make_move_iterator(rest.end()));
}

const ProcessMapping* MappingTable::find(std::uint64_t address) const {
  auto after =
      std::ranges::partition_point(mappings_, [&](const ProcessMapping& m) { return m.limit <= address; });
  return after != mappings_.end() && after->contains(address) ? &*after : nullptr;
}

}  // namespace weir::profiler
