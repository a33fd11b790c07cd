#include "base/duration.h"

#include <doctest/doctest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

TEST_CASE("durations are read and written in Go's form") {
  struct Row {
    const char* text;
    Duration value;
    const char* canonical;
  };
  const Row rows[] = {
      {"0", 0ns, "0s"},          {"15s", 15s, "15s"}, {"1m30s", 90s, "1m30s"}, {"1.5h", 90min, "1h30m0s"},
      {"500ms", 500ms, "500ms"}, {"-2s", -2s, "-2s"}, {".5s", 500ms, "500ms"}, {"1500us", 1500us, "1.5ms"},
      {"3ns", 3ns, "3ns"},       {"1µs", 1us, "1µs"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto parsed = parse_duration(row.text);
    REQUIRE(parsed.has_value());
    CHECK(*parsed == row.value);
    CHECK(format_duration(*parsed) == row.canonical);
  }
}

TEST_CASE("what is not a duration says why") {
  CHECK(parse_duration("15").error().message ==
        "\"15\" is not a duration: the unit is missing (ns, us, ms, s, m or h), such as \"15s\"");
  for (const char* text : {"", "1d", "1h 2m", "s", "-", ".s", "99999999999h"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text).has_value());
  }
}

}  // namespace
}  // namespace weir
