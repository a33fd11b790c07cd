// Alongside: finds the targets of a list in the list that was there before it,
// by identity, then by content, at hardly any cost as long as most are where
// one expects them.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "components/discovery/target.h"
#include "profile/hash_index.h"

namespace weir::relabel {

class Alongside {
 public:
  // `before` outlives it.
  explicit Alongside(const std::vector<discovery::TargetPtr>& before) : before_(before) {}

  // The place in the list before; to be asked in the order of the new list.
  std::optional<std::size_t> find(const discovery::TargetPtr& target);

 private:
  std::optional<std::size_t> near(const discovery::TargetPtr& target) const;
  std::optional<std::size_t> anywhere(const discovery::TargetPtr& target);

  const std::vector<discovery::TargetPtr>& before_;
  std::size_t at_ = 0;
  std::size_t misses_ = 0;  // in a row
  std::optional<profile::HashIndex> index_;
};

}  // namespace weir::relabel
