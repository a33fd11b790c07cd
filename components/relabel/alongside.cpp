#include "components/relabel/alongside.h"

#include <algorithm>
#include <utility>

namespace weir::relabel {
namespace {

// So many may have been taken away before one that stayed.
constexpr std::size_t kNear = 8;
// Targets made anew are compared by content with so many.
constexpr std::size_t kNearByContent = 2;
// After so many new ones in a row it looks whether the order is another one: that takes a look at every
// target.
constexpr std::size_t kMissesToIndex = 64;

}  // namespace

std::optional<std::size_t> Alongside::find(const discovery::TargetPtr& target) {
  if (at_ < before_.size() && before_[at_] == target) return at_++;
  auto found = near(target);
  if (!found && (index_ || misses_ >= kMissesToIndex)) found = anywhere(target);
  misses_ = found ? 0 : misses_ + 1;
  if (found) at_ = *found + 1;
  return found;
}

std::optional<std::size_t> Alongside::near(const discovery::TargetPtr& target) const {
  for (std::size_t i = at_; i < std::min(at_ + kNear, before_.size()); ++i) {
    if (before_[i] == target) return i;
  }
  for (std::size_t i = at_; i < std::min(at_ + kNearByContent, before_.size()); ++i) {
    if (*before_[i] == *target) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> Alongside::anywhere(const discovery::TargetPtr& target) {
  if (before_.empty()) return std::nullopt;
  if (!index_) {
    index_.emplace();
    for (std::size_t i = 0; i < before_.size(); ++i)
      index_->insert(before_[i]->hash(), static_cast<std::uint32_t>(i));
  }
  std::uint32_t found = index_->find(target->hash(), [&](std::uint32_t i) { return *before_[i] == *target; });
  if (found == profile::HashIndex::kNone) return std::nullopt;
  return found;
}

}  // namespace weir::relabel
