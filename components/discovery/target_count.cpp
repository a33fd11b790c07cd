#include "components/discovery/target_count.h"

#include <fmt/core.h>

namespace weir::discovery {

std::string TargetCount::too_much() const {
  return fmt::format("more than {} targets, or more than {} MiB of labels", limit_.targets,
                     limit_.label_bytes >> 20);
}

std::size_t label_bytes_of(const Target::Label& label) {
  return label.first.size() + label.second.size();
}

std::size_t label_bytes_of(const std::vector<Target::Label>& labels) {
  std::size_t bytes = 0;
  for (const auto& label : labels) bytes += label_bytes_of(label);
  return bytes;
}

std::size_t label_bytes_of(const Target& target) {
  std::size_t bytes = 0;
  for (const auto& [name, value] : target.labels()) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace weir::discovery
