#include <doctest/doctest.h>

#include "components/relabel/tracer.h"

namespace weir::relabel {
namespace {

using discovery::Target;
using Effect = runtime::TraceStep::Effect;

lang::Value as_value(const discovery::TargetPtr& target) {
  return std::shared_ptr<const lang::Map>(target);
}

// nullopt: it is none of those that came in.
std::optional<std::vector<runtime::TraceStep>> traced(const runtime::TargetTracer& tracer,
                                                      const discovery::TargetPtr& target,
                                                      std::size_t enough = 100) {
  std::vector<runtime::TraceStep> steps;
  bool is_known = tracer.trace(as_value(target), [&](runtime::TraceStep step) {
    steps.push_back(std::move(step));
    return steps.size() < enough;
  });
  return is_known ? std::optional(std::move(steps)) : std::nullopt;
}

TEST_CASE("a target's way through the rules: what each did, and why") {
  auto web = Target::make({{"name", "/web"}, {"team", "Shop"}});
  auto db = Target::make({{"name", "/db"}});
  std::vector<RuleArguments> rules(4);
  rules[0].source_labels.names = {"name"};
  rules[0].regex = "/(.*)";
  rules[0].target_label = "service";
  rules[1].source_labels.names = {"service", "team"};
  rules[1].regex = "web;.+";
  rules[1].action = "keep";
  rules[2].source_labels.names = {"team"};
  rules[2].action = "lowercase";
  rules[2].target_label = "team";
  rules[3].regex = "zone";
  rules[3].action = "labeldrop";
  discovery::Targets targets{discovery::TargetList::make({web, db})};
  auto tracer = make_tracer(targets, Rules::compile(rules));

  auto steps = traced(*tracer, web);
  REQUIRE(steps.has_value());
  REQUIRE(steps->size() == 4);
  CHECK((*steps)[0].why == "name = \"/web\" matches \"/(.*)\"");
  CHECK((*steps)[0].effect == Effect::changed);
  CHECK((*steps)[1].what == "keep");
  CHECK((*steps)[1].why == "service, team = \"web;Shop\" matches \"web;.+\"");
  CHECK((*steps)[1].effect == Effect::nothing);
  CHECK((*steps)[2].why == "team = \"Shop\"");
  CHECK((*steps)[2].effect == Effect::changed);
  CHECK((*steps)[3].effect == Effect::nothing);
  CHECK((*steps)[3].target ==
        as_value(Target::make({{"name", "/web"}, {"service", "web"}, {"team", "shop"}})));

  steps = traced(*tracer, db);
  REQUIRE(steps->size() == 2);
  CHECK((*steps)[1].effect == Effect::dropped);
  CHECK((*steps)[1].why == "service, team = \"db;\" does not match \"web;.+\"");
  CHECK((*steps)[1].target.is_null());

  CHECK_FALSE(traced(*tracer, Target::make({{"name", "/cache"}})).has_value());
  CHECK(traced(*tracer, web, 2)->size() == 2);  // no rule runs whose step nobody takes
}

}  // namespace
}  // namespace weir::relabel
