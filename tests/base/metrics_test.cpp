#include "base/metrics.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

namespace weir {
namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("a scope adds its labels and takes its series back") {
  MetricRegistry registry;
  registry.counter("all_total", "Of the program.")->add(7);
  auto scope = std::make_unique<MetricScope>(registry, MetricLabels{{"component_id", "a"}});
  scope->counter("mine_total", "Of a component.", {{"kind", "x"}})->add(2);
  CHECK(contains(registry.expose(), "mine_total{component_id=\"a\",kind=\"x\"} 2\n"));
  scope = nullptr;
  CHECK_FALSE(contains(registry.expose(), "mine_total"));
  CHECK(contains(registry.expose(), "all_total 7\n"));
}

TEST_CASE("a scope that goes leaves the series to another with the same labels") {
  MetricRegistry registry;
  MetricLabels labels{{"component_id", "a"}};
  MetricScope before(registry, labels), other(registry, {{"component_id", "b"}});
  before.counter("mine_total", "Of a component.")->add(2);
  other.counter("mine_total", "Of a component.")->add(5);
  {
    MetricScope after(registry, labels);
    auto counter = after.counter("mine_total", "Of a component.");
    before.release();
    counter->add(1);
    CHECK(contains(registry.expose(), "mine_total{component_id=\"a\"} 3\n"));
  }
  CHECK_FALSE(contains(registry.expose(), "component_id=\"a\""));
  CHECK(contains(registry.expose(), "mine_total{component_id=\"b\"} 5\n"));
  // Once released, a scope counts for itself alone.
  before.counter("mine_total", "Of a component.")->add(1);
  CHECK_FALSE(contains(registry.expose(), "component_id=\"a\""));
}

}  // namespace
}  // namespace weir
