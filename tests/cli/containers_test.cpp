#include "cli/containers.h"

#include <doctest/doctest.h>

namespace weir::cli {
namespace {

TEST_CASE("a container by its id, the start of it, or its name") {
  const std::string a = "aa11" + std::string(60, '0');
  const std::string b = "aa22" + std::string(60, '0');
  auto names = [&](std::string_view name) { return name == "web" || name == "aa1" ? b : std::string(); };
  struct Row {
    std::string wanted;
    std::vector<std::string> running;
    std::string result;
  };
  const Row rows[] = {
      {a, {a, b}, a},
      {"aa2", {a, b}, b},
      {"web", {a, b}, b},
      {"aa1", {a, b}, b},  // a name that also begins an id
      {"aa", {a, b}, "several containers have ids that begin with \"aa\": aa1100000000, aa2200000000"},
      {"db", {a}, "no container \"db\": there are aa1100000000"},
      {"", {a}, "no container \"\": there are aa1100000000"},
      {"db", {}, "no container \"db\": no process of this machine runs in one"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.wanted);
    auto found = find_container(row.wanted, row.running, names);
    CHECK((found ? *found : found.error().message) == row.result);
  }
}

}  // namespace
}  // namespace weir::cli
