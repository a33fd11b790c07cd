#include "web/component_metrics.h"

#include "tests/web/site_fixture.h"

namespace weir::web::testing {
namespace {

TEST_CASE("web: of all metrics, those of one component") {
  SiteFixture site;
  MetricScope own(site.metrics, {{"component_id", "a.b"}, {"component_path", "/"}});
  MetricScope inner(site.metrics, {{"component_id", "a.b"}, {"component_path", "/mod.x"}});
  MetricScope other(site.metrics, {{"component_id", "a.bc"}, {"component_path", "/"}});
  own.counter("things_total", "Things.", {{"reason", "a} b,\"c\""}})->add(3);
  own.gauge("size_bytes", "Size.")->set(2.5);
  own.histogram("took_seconds", "Time.", default_latency_bounds())->observe(0.25);
  inner.gauge("size_bytes", "Size.")->set(7);
  other.gauge("size_bytes", "Size.")->set(8);
  site.metrics.gauge("size_bytes", "Size.")->set(9);

  auto found = component_metrics(site.metrics.expose(), "", "a.b");
  std::string text;
  for (const auto& series : found)
    text +=
        series.name + "{" + series.labels + "} " + std::to_string(series.value) + " " + series.help + "\n";
  CHECK(text ==
        "size_bytes{} 2.500000 Size.\n"
        "things_total{reason=\"a} b,\\\"c\\\"\"} 3.000000 Things.\n"
        "took_seconds_sum{} 0.250000 Time.\n"
        "took_seconds_count{} 1.000000 Time.\n");
  auto of_module = component_metrics(site.metrics.expose(), "mod.x", "a.b");
  REQUIRE(of_module.size() == 1);
  CHECK(of_module[0].value == 7);
  CHECK(component_metrics("size_bytes{component_id=\"a.b\"", "", "a.b").empty());

  site.run({make_node("a.b")});
  auto answer = site.json("/api/v0/web/components/a.b/metrics").at("metrics");
  REQUIRE(answer.as_array().size() == 4);
  CHECK(boost::json::serialize(answer.as_array()[0]) ==
        R"({"name":"size_bytes","help":"Size.","labels":"","value":2.5E0})");
}

}  // namespace
}  // namespace weir::web::testing
