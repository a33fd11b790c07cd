#include "profile/compare.h"

#include <doctest/doctest.h>

#include <string>

#include "profile/text_formats.h"
#include "tests/profile/sample_profile.h"

namespace weir::profile {
namespace {

using namespace std::chrono_literals;

Profile folded(std::string_view text) {
  auto read = decode_folded(text, 1000);
  REQUIRE(read.has_value());
  return *std::move(read);
}

TEST_CASE("compared functions: the largest change of self first") {
  auto changes = compare_functions(folded("a;b 10\na;c 5\na;e 2\n"), folded("a;b 4\na;d 9\na;e 2\n"));
  std::string order;
  for (const FunctionChange& change : changes) order += change.function.name;
  CHECK(order == "dbcae");
  CHECK(changes[0].before.total == 0);
  CHECK(changes[0].after.self == 9);
  CHECK(changes[1].before.self == 10);
  CHECK(changes[1].after.self == 4);
}

TEST_CASE("values of foreign profiles may be anything, and are compared all the same") {
  constexpr std::string_view kMost = "9223372036854775807", kLeast = "-9223372036854775808";
  auto changes = compare_functions(folded(fmt::format("a {}\nb {}\nc 1\n", kMost, kLeast)),
                                   folded(fmt::format("a {}\nb {}\nc 2\n", kLeast, kMost)));
  REQUIRE(changes.size() == 3);
  CHECK(changes[0].before.self == INT64_MAX);
  CHECK(changes[0].after.self == INT64_MIN);
  CHECK(changes[1].before.self == INT64_MIN);
  CHECK(changes[1].after.self == INT64_MAX);
  CHECK(changes[2].after.self == 2);
  // What was before does not take the room of what is now.
  auto same = compare_functions(folded(fmt::format("a {}\n", kMost)), folded(fmt::format("a {}\n", kMost)));
  CHECK(same[0].after.self == INT64_MAX);
}

TEST_CASE("recordings are made alike by nothing, by time, or by their totals") {
  Profile before = testing::sample_profile();
  Profile after = testing::sample_profile();
  before.duration = 10s;
  after.duration = 5s;
  CHECK(factor(before, after, Basis::total) == 1);
  CHECK(factor(before, after, Basis::time) == 0.5);
  std::int64_t total = before.total();
  scale(before, 0.5);
  CHECK(before.total() == total / 2);
  CHECK(factor(before, after, Basis::share) == 2);
}

TEST_CASE("what cannot be compared says why") {
  Profile lines = folded("a 10\n");
  Profile profile = testing::sample_profile();
  CHECK(factor(lines, profile, Basis::total).error().message == "one counts count, the other nanoseconds");
  CHECK(factor(lines, folded("a 20\n"), Basis::time).error().message ==
        "one of them does not say how long it was");
  CHECK(factor(lines, folded("a 20\n"), Basis::total) == 1);
  CHECK(factor(lines, folded("a 20\n"), Basis::share) == 2);
  CHECK(factor(folded(""), profile, Basis::share) == 1);
  Profile huge = folded("a 9223372036854775807\n");
  scale(huge, 1e9);
  CHECK(huge.total() == 9'000'000'000'000'000'000);
}

}  // namespace
}  // namespace weir::profile
