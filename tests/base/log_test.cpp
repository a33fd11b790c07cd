#include "base/log.h"

#include <doctest/doctest.h>

namespace weir {

TEST_CASE("log: the last lines of each component are remembered, however much another says") {
  LogHub hub([](std::string_view) {});
  Logger quiet(hub, "a.quiet"), chatty(hub, "a.chatty"), weir(hub, "");
  quiet.info("first");
  quiet.info("second");
  for (int i = 0; i < 5'000; ++i) {
    chatty.info(std::to_string(i));
    if (i % 1'000 == 0) weir.info("own " + std::to_string(i));
  }
  auto lines = hub.recent("a.quiet");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].message == "first");
  CHECK(lines[1].message == "second");
  auto others = hub.recent("a.chatty");
  REQUIRE(others.size() >= 64);
  CHECK(others.back().message == "4999");
  for (std::size_t i = 1; i < others.size(); ++i)
    CHECK(std::stoi(others[i].message) == std::stoi(others[i - 1].message) + 1);
  CHECK(hub.recent("").size() == 5);
}

TEST_CASE("log: what many say is kept only so far") {
  LogHub hub([](std::string_view) {});
  for (int i = 0; i < 1'000; ++i) Logger(hub, "c" + std::to_string(i)).info("made");
  CHECK(hub.recent("c0").empty());
  CHECK(hub.recent("c487").empty());
  CHECK(hub.recent("c488").size() == 1);
  CHECK(hub.recent("c999").size() == 1);
}

}  // namespace weir
