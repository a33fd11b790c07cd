#include "runtime/health_history.h"

#include <doctest/doctest.h>

namespace weir::runtime {

namespace {

Health at(int second, HealthState state, std::string message) {
  WallTime time{std::chrono::seconds(second)};
  return {.state = state, .message = std::move(message), .since = time, .updated = time};
}

}  // namespace

TEST_CASE("a history of health holds changes of state with their reasons, and only so many") {
  HealthHistoryPtr history = continued(nullptr, at(1, HealthState::unknown, "made"));
  history = continued(history, at(2, HealthState::healthy, "started"));
  auto same = continued(history, at(3, HealthState::healthy, "12 targets"));
  CHECK(same == history);
  history = continued(history, at(4, HealthState::unhealthy, "refused"));
  REQUIRE(history->changes.size() == 3);
  CHECK(history->changes[1].message == "started");
  CHECK(history->changes[2].message == "refused");
  CHECK(history->changes[2].since == WallTime(std::chrono::seconds(4)));
  for (int i = 5; i < 105; ++i)
    history = continued(history, at(i, i % 2 == 0 ? HealthState::unhealthy : HealthState::healthy, "again"));
  CHECK(history->changes.size() == 48);
  CHECK(history->forgotten == 55);
  CHECK(history->changes.back().since == WallTime(std::chrono::seconds(104)));
}

TEST_CASE("of a long reason a history keeps the beginning") {
  std::string text;
  while (text.size() < 10'000) text += "日";
  auto history = continued(nullptr, at(1, HealthState::unhealthy, text));
  CHECK(history->changes[0].message.size() < 310);
  CHECK(history->changes[0].message.ends_with("日 …"));
}

}  // namespace weir::runtime
