#include <doctest/doctest.h>

#include <cmath>

#include "profile/flame.h"
#include "tests/profiler/root/world.h"

using namespace weir;
using namespace weir::profiler;
using namespace weir::profiler::test;
using namespace std::chrono_literals;

TEST_CASE("a pid target is sampled end to end") {
  if (skip("a pid target is sampled end to end")) return;
  Child child("shares");
  Child other("shares");
  auto session = open_session({.sample_rate = 499});
  session->set_targets({target_of(child, "shares")});
  run_for(*session, 1500ms);
  auto profiles = by_service(session->collect(std::chrono::system_clock::now()));
  REQUIRE(profiles.size() == 1);
  const auto& profile = *profiles.at("shares");
  CHECK(sample_count(profile) > 20);
  CHECK(samples_at_leaf(profile, "burn_seventy") > 0);
  CHECK(session->report()->stats().unselected > 0);
}
