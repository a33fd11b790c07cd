// Overview: what takes a look at all components to find out, kept for as long as it holds. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "profile/collection.h"
#include "profile/handover.h"
#include "runtime/controller.h"
#include "store/store.h"

namespace weir::web {

class Overview {
 public:
  // By state of health, as the enumeration has them.
  using HealthCounts = std::array<std::size_t, 5>;

  explicit Overview(const runtime::Controller& controller) : controller_(controller) {}

  // Looks again where the graph's revisions say that something has changed.
  void look();

  const HealthCounts& health() const { return health_; }
  // Held by nobody longer than it takes to ask: a store that is closed must be free to be opened again.
  std::vector<std::shared_ptr<const profile::CollectionReport>> collectors() const;
  std::vector<std::shared_ptr<const store::Querier>> stores() const;
  // Profiles that collectors and others have handed over, all together.
  std::uint64_t handed_over() const;

 private:
  struct Seen {
    std::uint64_t loads = 0, states = 0, services = 0;
  };

  void count_health(const runtime::Snapshot& snapshot);
  void find_services(const runtime::Snapshot& snapshot);

  const runtime::Controller& controller_;
  std::optional<Seen> seen_;
  HealthCounts health_{};
  std::vector<std::weak_ptr<const profile::CollectionReport>> collectors_;
  std::vector<std::weak_ptr<const profile::Handover>> handovers_;
  std::vector<std::weak_ptr<const store::Querier>> stores_;
};

}  // namespace weir::web
