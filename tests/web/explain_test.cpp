#include "tests/web/site_fixture.h"

#include "runtime/target_tracer.h"
#include "web/explanation.h"
#include "web/wanted_targets.h"

namespace weir::web::testing {
namespace {

using lang::Value;

TEST_CASE("explain: which targets are meant") {
  const Value target = Value::object({{"__process_pid__", "17"},
                                      {"__container_id__", "0123456789abcdef"},
                                      {"__meta_docker_container_name", "/web"},
                                      {"__meta_kubernetes_pod_container_id", "containerd://fedcba9876543210"},
                                      {"job", "shop"}});
  struct Row {
    const char* what;
    WantedTargets wanted;
    bool is_meant;
  };
  const Row rows[] = {
      {"its process", {.labels = {}, .pid = "17", .container = ""}, true},
      {"another process", {.labels = {}, .pid = "1", .container = ""}, false},
      {"another process in its container", {.labels = {}, .pid = "1", .container = "0123456789abcdef"}, true},
      {"the beginning of its container's id", {.labels = {}, .pid = "", .container = "0123456789ab"}, true},
      {"too little of it", {.labels = {}, .pid = "", .container = "0123456789a"}, false},
      {"an id behind a scheme", {.labels = {}, .pid = "", .container = "fedcba987654"}, true},
      {"its container's name", {.labels = {}, .pid = "", .container = "web"}, true},
      {"the beginning of the name", {.labels = {}, .pid = "", .container = "we"}, false},
      {"a label", {.labels = {{"job", "shop"}}, .pid = "", .container = ""}, true},
      {"a label and another process", {.labels = {{"job", "shop"}}, .pid = "1", .container = ""}, false},
      {"another value", {.labels = {{"job", "bank"}}, .pid = "17", .container = ""}, false},
      {"a label that is not there", {.labels = {{"zone", ""}}, .pid = "", .container = ""}, true},
  };
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(row.wanted.match(*target.as_map()) == row.is_meant);
  }
}

// Makes the label `job` longer, as often as it has rules.
class Longer final : public runtime::TargetTracer {
 public:
  explicit Longer(std::size_t rules) : rules_(rules) {}

  bool trace(const Value& target, const EachStep& each) const override {
    auto job = target.as_map()->find("job");
    if (!job || *job->as_string() != "shop") return false;
    for (std::size_t i = 0; i < rules_; ++i) {
      bool goes_on = each({.index = i,
                           .what = "replace",
                           .why = "because",
                           .effect = runtime::TraceStep::Effect::changed,
                           .target = Value::object({{"job", std::string(i + 5, 'x')}})});
      if (!goes_on) break;
    }
    return true;
  }

 private:
  std::size_t rules_;
};

const runtime::ComponentType kFinder{.name = "test.finder"};

std::shared_ptr<runtime::Node> placed(std::string id, const lang::SourcePtr& source, std::string_view text) {
  auto node = node_with(std::move(id), runtime::HealthState::healthy);
  auto begin = static_cast<std::uint32_t>(source->text().find(text));
  auto end = static_cast<std::uint32_t>(source->text().find("\n}", begin) + 2);
  node->set_place({source, {begin, end}});
  return node;
}

// One that finds a target, and one with rules, which another takes from.
void run_with_rules(SiteFixture& site, std::shared_ptr<const runtime::TargetTracer> tracer) {
  auto source =
      lang::Source::make("a.river",
                         "test.finder \"a\" {\n}\n\ntest.rules \"b\" {\n  x = 1\n\n  rule {\n  }\n\n"
                         "  other {\n  }\n\n  rule {\n  }\n}\n");
  auto finder = placed("test.finder.a", source, "test.finder");
  finder->type = &kFinder;
  change(*finder, [](auto& state) {
    state.exports = Value::object({{"targets", Value::array({Value::object({{"job", "shop"}})})}});
  });
  auto ruled = placed("test.rules.b", source, "test.rules");
  ruled->referenced_by = {"test.user.c"};
  change(*ruled,
         [&](auto& state) { state.services.emplace_back(typeid(runtime::TargetTracer), std::move(tracer)); });
  site.run({finder, ruled});
}

void run_with_rules(SiteFixture& site, std::size_t rules) {
  run_with_rules(site, std::make_shared<const Longer>(rules));
}

TEST_CASE("explain: a step stands at the line of its block") {
  SiteFixture site;
  run_with_rules(site, 3);
  auto answer = site.json("/api/v0/web/explain?labels=%7B%22job%22%3A%22shop%22%7D");
  CHECK(answer.at("found") == 1);
  CHECK(answer.at("counted") == true);
  CHECK(answer.at("cut") == "");
  const auto& way = answer.at("targets").at(0);
  CHECK(way.at("place").at("line") == 1);
  CHECK(way.at("cut") == false);
  const auto& visit = way.at("visits").at(0);
  CHECK(visit.at("place").at("line") == 4);
  const int lines[] = {7, 13, 4};  // the config has no third rule: that of the component
  for (std::size_t i = 0; i < std::size(lines); ++i) {
    CHECK(visit.at("steps").at(i).at("place").at("line") == lines[i]);
  }
  CHECK(boost::json::serialize(visit.at("steps").at(1).at("changes")) ==
        R"([{"label":"job","before":"xxxxx","after":"xxxxxx"}])");
}

class Dropper final : public runtime::TargetTracer {
 public:
  bool trace(const Value&, const EachStep& each) const override {
    return each(
        {.index = 0, .what = "drop", .why = "because", .effect = runtime::TraceStep::Effect::dropped});
  }
};

TEST_CASE("explain: what comes after a rule that drops the target is not reached") {
  SiteFixture site;
  run_with_rules(site, std::make_shared<const Dropper>());
  auto answer = site.json("/api/v0/web/explain?labels=%7B%22job%22%3A%22shop%22%7D");
  const auto& visit = answer.at("targets").at(0).at("visits").at(0);
  CHECK(visit.at("dropped") == true);
  CHECK(boost::json::serialize(visit.at("unreached")) ==
        R"([{"block":"rule","index":1,"place":{"file":"a.river","line":13}}])");
  CHECK(boost::json::serialize(visit.at("unseenBy")) == R"(["test.user.c"])");
}

TEST_CASE("explain: an answer has a limit, and says so in JSON and in text") {
  SiteFixture site;
  run_with_rules(site, 20'000);
  auto answer = site.json("/api/v0/web/explain?labels=%7B%22job%22%3A%22shop%22%7D");
  CHECK(answer.at("cut") == "Not all is told: there is more to tell than 8388608 bytes.");
  CHECK(answer.at("targets").at(0).at("cut") == true);
  CHECK(boost::json::serialize(answer).size() < 32u << 20);
  auto response = site.get("/api/v0/web/explain?format=text&labels=%7B%22job%22%3A%22shop%22%7D");
  CHECK(response.headers.get(kFoundHeader) == "1");
  std::string text = response.body;
  CHECK(text.ends_with(
      "What comes after is not told.\n\nNot all is told: there is more to tell than 8388608 bytes.\n"));
}

TEST_CASE("explain: an answer as text says how many targets match, whatever else it says") {
  SiteFixture site;
  run_with_rules(site, 1);
  auto response = site.get("/api/v0/web/explain?format=text&labels=%7B%22job%22%3A%22bank%22%7D");
  CHECK(response.headers.get(kFoundHeader) == "0");
  CHECK(response.body == "");
}

TEST_CASE("explain: a wrong question is refused with what would be right") {
  struct Row {
    const char* query;
    const char* words;
  };
  const Row rows[] = {{"", "say which targets"},
                      {"?labels=%5B1%5D", "not a JSON object like"},
                      {"?labels=%7B%22a%22%3A1%7D", "the value of \\\"a\\\" is not a string"}};
  SiteFixture site;
  for (const Row& row : rows) {
    CAPTURE(row.query);
    auto response = site.get(std::string("/api/v0/web/explain") + row.query);
    CHECK(response.status == 400);
    CHECK(response.body.find(row.words) != std::string::npos);
  }
}

}  // namespace
}  // namespace weir::web::testing
