#include "runtime/view.h"

#include <doctest/doctest.h>

#include "runtime/fetcher.h"
#include "runtime/health.h"

namespace weir::runtime {
namespace {

using lang::Value;

TEST_CASE("a list view filters and pages") {
  std::vector<Value> rows;
  for (int i = 0; i < 100; ++i) {
    rows.push_back(Value::object({{"name", Value("service-" + std::to_string(i))}, {"port", Value(i)}}));
  }
  rows.push_back(Value::object({{"password", Value(lang::Secret{"hush"})}}));
  auto view = list_view("targets", "Targets found", Value::array(rows).as_list());
  struct Row {
    const char* filter;
    std::size_t offset, limit, matching, rows;
    const char* first;
  };
  const Row table[] = {
      {"", 0, 10, 101, 10, "service-0"},
      {"", 95, 10, 101, 6, "service-95"},
      {"", 500, 10, 101, 0, ""},
      {"service-9", 0, 3, 11, 3, "service-9"},
      {"service-9", 9, 10, 11, 2, "service-98"},
      {"port", 0, 1, 100, 1, "service-0"},
      {"nothing", 0, 10, 0, 0, ""},
      {"hush", 0, 10, 0, 0, ""},
  };
  for (const Row& row : table) {
    CAPTURE(row.filter);
    CAPTURE(row.offset);
    ViewPage page = view->page(row.filter, row.offset, row.limit);
    CHECK(page.total == 101);
    CHECK(page.matching == row.matching);
    REQUIRE(page.rows.size() == row.rows);
    if (*row.first) CHECK(*page.rows[0].as_map()->find("name")->as_string() == row.first);
  }
}

TEST_CASE("the least health wins; of equals the most recent") {
  auto health = [](HealthState state, int second) {
    return Health{
        .state = state, .message = "", .since = {}, .updated = WallTime(std::chrono::seconds(second))};
  };
  CHECK(least(health(HealthState::healthy, 9), health(HealthState::waiting, 1)).state ==
        HealthState::waiting);
  CHECK(least(health(HealthState::exited, 1), health(HealthState::unhealthy, 9)).state ==
        HealthState::exited);
  CHECK(least(health(HealthState::healthy, 1), health(HealthState::healthy, 2)).updated ==
        WallTime(std::chrono::seconds(2)));
}

TEST_CASE("headers are found whatever their case") {
  FetchResponse response{
      .status = 200, .headers = {{"Content-Type", "a"}, {"content-type", "b"}}, .body = ""};
  CHECK(response.header("content-TYPE") == "a");
  CHECK(response.header("accept") == "");
}

}  // namespace
}  // namespace weir::runtime
