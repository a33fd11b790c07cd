// A page's handler over a store that keeps one profile.
#pragma once

#include <memory>
#include <utility>

#include "tests/profile/sample_profile.h"
#include "tests/web/site_fixture.h"

namespace weir::web::testing {

inline constexpr std::int64_t kStart = 1'700'000'000'000;  // of the sample profile

inline std::shared_ptr<runtime::Node> node_with_store(std::shared_ptr<const store::Querier> querier) {
  auto node = node_with("pyroscope.store.local", runtime::HealthState::healthy);
  change(*node, [&](auto& state) { state.services.emplace_back(typeid(store::Querier), querier); });
  return node;
}

struct StoreFixture : SiteFixture {
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();

  StoreFixture() {
    store->add(profile::testing::sample_profile());
    run({node_with_store(store)});
    clock.now = from(1000);
  }
  static WallTime from(std::int64_t ms) { return WallTime(std::chrono::milliseconds(kStart + ms)); }
};

}  // namespace weir::web::testing
