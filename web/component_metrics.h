// What of the text of /metrics is of one component.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir::web {

struct ComponentSeries {
  std::string name;
  std::string help;
  std::string labels;  // besides those that name the component: `reason="ring_full"`
  double value = 0;
};

// In order of the text. Of histograms the sums and counts.
std::vector<ComponentSeries> component_metrics(std::string_view exposition, std::string_view module_id,
                                               std::string_view local_id);

}  // namespace weir::web
