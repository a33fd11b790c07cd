#include "profile/functions.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "profile/text_formats.h"
#include "tests/profile/sample_profile.h"

namespace weir::profile {
namespace {

Profile folded(std::string_view text) {
  auto read = decode_folded(text, 1000);
  REQUIRE(read.has_value());
  return *std::move(read);
}

// "self/total" of a function.
std::map<std::string, std::string> rows(const FunctionTable& table) {
  std::map<std::string, std::string> found;
  for (std::size_t i = 0; i < table.totals().size(); ++i) {
    const FunctionTotals& totals = table.totals()[i];
    found[table.symbols()[i].name] = std::to_string(totals.self) + "/" + std::to_string(totals.total);
  }
  return found;
}

TEST_CASE("functions: self is the leaf's, total counts recursion once, over several profiles") {
  FunctionTable table;
  table.add(folded("a;b;a 1\na;b 2\n"));
  table.add(folded("c;a 4\n"));
  CHECK(rows(table) == std::map<std::string, std::string>{{"a", "5/7"}, {"b", "2/3"}, {"c", "0/4"}});
  CHECK(table.total() == 7);
}

TEST_CASE("functions: of inlined functions the innermost is the leaf") {
  Profile p = testing::sample_profile();
  FunctionTable table;
  table.add(p);
  auto found = rows(table);
  CHECK(found["inner"] == std::to_string(5 * p.period) + "/" + std::to_string(5 * p.period));
  CHECK(found["outer"] == "0/" + std::to_string(5 * p.period));
}

}  // namespace
}  // namespace weir::profile
