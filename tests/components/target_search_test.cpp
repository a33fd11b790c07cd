#include <time.h>

#include <doctest/doctest.h>

#include "components/discovery/target_list.h"
#include "runtime/view.h"
#include "tests/support/sanitized.h"

using weir::discovery::Target;
using weir::discovery::TargetList;
using weir::discovery::TargetPtr;

namespace {

std::int64_t thread_cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

TEST_CASE("target list: a view finds text in names and values") {
  std::vector<TargetPtr> targets{Target::make({{"job", "web"}, {"zone", "a"}}),
                                 Target::make({{"job", "db"}, {"zone", "web-2"}}), Target::make({}),
                                 Target::make({{"website", "x"}, {"zone", "b"}})};
  auto view = weir::runtime::list_view("targets", "Targets", TargetList::make(targets));
  struct Row {
    const char* text;
    std::vector<std::size_t> found;
  };
  const Row rows[] = {{"web", {0, 1, 3}}, {"web-", {1}}, {"zone", {0, 1, 3}},
                      {"job", {0, 1}},    {"none", {}},  {"", {0, 1, 2, 3}}};
  for (const auto& row : rows) {
    CAPTURE(row.text);
    auto page = view->page(row.text, 0, 10);
    CHECK(page.total == 4);
    CHECK(page.matching == row.found.size());
    REQUIRE(page.rows.size() == row.found.size());
    for (std::size_t i = 0; i < row.found.size(); ++i)
      CHECK(page.rows[i] == weir::lang::Value(std::shared_ptr<const weir::lang::Map>(targets[row.found[i]])));
  }
  CHECK(view->page("web", 1, 1).rows.size() == 1);
}

TEST_CASE("target list: a view looks into 100,000 targets in less than 50 ms") {
  std::vector<TargetPtr> targets;
  weir::discovery::LayoutTable layouts;
  for (int i = 0; i < 100'000; ++i) {
    std::vector<Target::Label> labels{{"__process_pid__", std::to_string(i)}};
    for (int label = 0; label < 9; ++label)
      labels.emplace_back("label_" + std::to_string(label), "value-" + std::to_string(i));
    targets.push_back(Target::make(std::move(labels), layouts));
  }
  auto view = weir::runtime::list_view("targets", "Targets", TargetList::make(std::move(targets)));
  for (auto text : {"value-9999", "nothing"}) {
    std::int64_t least = 1'000'000;
    for (int i = 0; i < 5; ++i) {
      std::int64_t begin = thread_cpu_ms();
      auto page = view->page(text, 0, 50);
      least = std::min(least, thread_cpu_ms() - begin);
      CHECK(page.matching == (text == std::string_view("nothing") ? 0 : 11));
    }
    CHECK((least < 50 || weir::testing::kSanitized));
  }
}
