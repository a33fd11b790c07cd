// Labels: the labels of one target while rules run over them. Walked the way
// Prometheus does: what is left of the base in name order, then what was added
// in the order of addition.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "components/discovery/target.h"

namespace weir::relabel {

class Labels {
 public:
  using Label = discovery::Target::Label;

  explicit Labels(const discovery::TargetPtr& base) : base_(base), hidden_(base->size(), false) {}

  std::string_view get(std::string_view name) const;
  void set(std::string_view name, std::string_view value);  // "" removes
  void remove(std::string_view name);
  // As they are now; views stay valid while the base lives and nothing is changed.
  std::vector<std::pair<std::string_view, std::string_view>> all() const;
  // The base itself when nothing was changed.
  discovery::TargetPtr finish() const;

 private:
  discovery::TargetPtr base_;
  std::vector<bool> hidden_;  // of the base: removed or overwritten
  std::vector<Label> added_;
  bool changed_ = false;
};

}  // namespace weir::relabel
