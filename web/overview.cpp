#include "web/overview.h"

#include <utility>

namespace weir::web {
namespace {

template <class Service>
std::vector<std::weak_ptr<const Service>> found(const runtime::Snapshot& snapshot) {
  std::vector<std::weak_ptr<const Service>> all;
  for (const auto& [node, service] : snapshot.services<Service>()) all.push_back(service);
  return all;
}

template <class Service>
std::vector<std::shared_ptr<const Service>> those_left(
    const std::vector<std::weak_ptr<const Service>>& found) {
  std::vector<std::shared_ptr<const Service>> left;
  for (const auto& weak : found) {
    if (auto service = weak.lock()) left.push_back(std::move(service));
  }
  return left;
}

}  // namespace

void Overview::look() {
  auto snapshot = controller_.snapshot();
  if (!snapshot) return;
  std::optional<Seen> now;
  if (const auto* counts = snapshot->revisions.get()) {
    now = Seen{.loads = counts->loads, .states = counts->states, .services = counts->services};
    // The counts are of all snapshots: only one that is taken after them has what they count.
    snapshot = controller_.snapshot();
  }
  auto before = std::exchange(seen_, now);
  bool is_other = !before || !now || before->loads != now->loads;
  if (is_other || before->states != now->states) count_health(*snapshot);
  if (is_other || before->services != now->services) find_services(*snapshot);
}

void Overview::count_health(const runtime::Snapshot& snapshot) {
  health_ = {};
  for (const auto& node : snapshot.nodes) ++health_[static_cast<std::size_t>(node->state()->health.state)];
}

void Overview::find_services(const runtime::Snapshot& snapshot) {
  collectors_ = found<profile::CollectionReport>(snapshot);
  handovers_ = found<profile::Handover>(snapshot);
  stores_ = found<store::Querier>(snapshot);
}

std::vector<std::shared_ptr<const profile::CollectionReport>> Overview::collectors() const {
  return those_left(collectors_);
}

std::vector<std::shared_ptr<const store::Querier>> Overview::stores() const {
  return those_left(stores_);
}

std::uint64_t Overview::handed_over() const {
  std::uint64_t sum = 0;
  for (const auto& collector : collectors()) sum += collector->stats().profiles;
  for (const auto& handover : those_left(handovers_)) sum += handover->profiles();
  return sum;
}

}  // namespace weir::web
