// How many profiles a component has handed to its receivers: a service of what
// is no collector, for the rates on the page's graph.
#pragma once

#include <cstdint>

namespace weir::profile {

class Handover {
 public:
  virtual ~Handover() = default;
  // Since the component started, each once, however many receivers took it. Any thread; at once.
  virtual std::uint64_t profiles() const = 0;
};

}  // namespace weir::profile
