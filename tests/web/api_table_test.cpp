// The table of the API says what the handlers do, and the handlers do what the table says.
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/web/api_answer.h"
#include "tests/web/api_world.h"
#include "web/parameters.h"
#include "web/process_list.h"

namespace weir::web::testing {
namespace {

using Extent = ApiWorld::Extent;

constexpr std::string_view kProfiles = "/api/v0/web/profiles/";
constexpr std::string_view kWhen = "service=checkout&from=1699999980000&until=1700000040000";

const Route& route_of(std::string_view target) {
  std::string_view path = target.substr(0, target.find('?'));
  for (const Route& route : routes()) {
    if (match(route, path)) return route;
  }
  return routes().back();
}

bool is_json(const Route& route) {
  return route.type.starts_with('[') || find_answer_shape(route.type) != nullptr;
}

// What makes every field occur.
std::vector<std::string> questions() {
  std::vector<std::string> all{"/api/v0/web/status",
                               "/api/v0/web/config",
                               "/api/v0/web/targets",
                               "/api/v0/web/explain?pid=4211",
                               "/api/v0/web/explain?pid=4300",
                               "/api/v0/web/components",
                               "/api/v0/web/components?modules=1&states=all",
                               "/api/v0/web/modules/ship.local/components?states=all",
                               "/api/v0/web/components/pyroscope.ebpf.machine",
                               "/api/v0/web/components/pyroscope.ebpf.machine?defaults=1&states=all",
                               "/api/v0/web/components/test.values.odd",
                               "/api/v0/web/components/test.values.odd/views/exports.many",
                               "/api/v0/web/components/discovery.process.all/views/exports.targets",
                               "/api/v0/web/components/pyroscope.ebpf.machine/metrics",
                               "/api/v0/web/peers",
                               "/api/v0/web/remotecfg/components",
                               "/api/v0/web/graph",
                               fmt::format("{}services", kProfiles),
                               fmt::format("{}services?points=10", kProfiles)};
  for (std::string_view what : {"flame", "series", "functions", "breakdown", "diff"})
    all.push_back(fmt::format("{}{}?{}{}", kProfiles, what, kWhen, what == "breakdown" ? "&label=host" : ""));
  all.push_back(fmt::format("{}diff?service=checkout&from=1700000010000&until=1700000040000", kProfiles));
  return all;
}

TEST_CASE("api table: each field of an answer stands in it, with its type, and each of its fields occurs") {
  ApiWorld world(Extent::more);
  AnswerCheck answers;
  std::set<std::string_view> asked;
  auto ask = [&](const std::string& target) {
    const Route& route = route_of(target);
    asked.insert(route.path);
    auto response = world.ask("GET", target);
    INFO(target);
    INFO(response.body);
    REQUIRE(response.status == 200);
    REQUIRE(response.headers.get("Content-Type") == "application/json");
    answers.check(boost::json::parse(response.body), route.type, target);
  };
  for (const std::string& target : questions()) ask(target);
  world.write_config("// another\n");
  ask("/api/v0/web/config");
  auto refused = world.ask("GET", "/api/v0/web/explain");
  CHECK(refused.status == 400);
  answers.check(boost::json::parse(refused.body), "Error", "explain");
  CHECK_MESSAGE(answers.problems().empty(), fmt::format("{}", fmt::join(answers.problems(), "\n")));
  CHECK_MESSAGE(answers.unseen().empty(), fmt::format("in no answer: {}", fmt::join(answers.unseen(), ", ")));
  for (const Route& route : routes()) {
    if (is_json(route)) CHECK_MESSAGE(asked.contains(route.path), std::string(route.path));
  }
}

TEST_CASE("api table: types, words and limits are ones that exist") {
  std::set<std::string_view> paths;
  for (const Route& route : routes()) {
    CAPTURE(route.path);
    CHECK(paths.insert(route.path).second);
    CHECK(static_cast<bool>(route.answer));
    CHECK(route.doc.ends_with('.'));
    CHECK((is_json(route) || route.type.contains('/') || route.type == "any"));
    for (const Parameter& parameter : route.parameters) {
      CAPTURE(parameter.name);
      CHECK(parameter.doc.ends_with('.'));
      CHECK(parameter.words.empty() == (parameter.type != Parameter::Type::word));
      if (!parameter.otherwise.empty()) continue;
      CHECK(parameter.lowest <= parameter.number);
      CHECK(parameter.number <= parameter.highest);
    }
  }
  std::set<std::string_view> names;
  for (const AnswerShape& shape : answer_shapes()) {
    CAPTURE(shape.name);
    CHECK(names.insert(shape.name).second);
    CHECK((shape.like.empty() || find_answer_shape(shape.like) != nullptr));
    for (const AnswerField& field : shape.fields) CHECK(field.doc.ends_with('.'));
  }
  std::vector<std::string_view> fates;
  for (std::size_t i = 0; i < kProcessFates; ++i) fates.push_back(to_string(static_cast<ProcessFate>(i)));
  CHECK(fmt::format("{}", fmt::join(fates, "|")) == parameter::kState.words);
}

TEST_CASE("api table: which path is whose") {
  struct Row {
    const char* path;
    const char* route;
    const char* id;
    const char* name;
    const char* rest;
  };
  const Row rows[] = {
      {"/metrics", "/metrics", "", "", ""},
      {"/api/v0/web/components", "/api/v0/web/components", "", "", ""},
      {"/api/v0/web/components/a.b", "/api/v0/web/components/ID", "a.b", "", ""},
      {"/api/v0/web/components/m.x/a.b", "/api/v0/web/components/ID", "m.x/a.b", "", ""},
      {"/api/v0/web/components/", "/api/v0/web/components/ID", "", "", ""},
      {"/api/v0/web/components/m.x/a.b/metrics", "/api/v0/web/components/ID/metrics", "m.x/a.b", "", ""},
      {"/api/v0/web/components/metrics", "/api/v0/web/components/ID", "metrics", "", ""},
      {"/api/v0/web/components/a.b/views/exports.x", "/api/v0/web/components/ID/views/NAME", "a.b",
       "exports.x", ""},
      {"/api/v0/web/components/a.b/views/", "/api/v0/web/components/ID/views/NAME", "a.b", "", ""},
      {"/api/v0/web/modules/m.x/n.y/components", "/api/v0/web/modules/ID/components", "m.x/n.y", "", ""},
      {"/api/v0/web/modules/components", "/…", "", "", "api/v0/web/modules/components"},
      {"/api/v0/component/a.b/x/y", "/api/v0/component/…", "", "", "a.b/x/y"},
      {"/", "/…", "", "", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    const Route& route = route_of(row.path);
    CHECK(route.path == row.route);
    auto parts = match(route, row.path);
    REQUIRE(parts.has_value());
    CHECK(parts->id == row.id);
    CHECK(parts->name == row.name);
    CHECK(parts->rest == row.rest);
  }
}

TEST_CASE("api table: what is wrong with a request is answered with what would be right") {
  struct Row {
    const char* method;
    const char* target;
    int status;
    const char* words;
  };
  const Row rows[] = {
      {"GET", "/api/v0/web/targets?lmit=1", 400,
       R"(no parameter \"lmit\", only pid, filter, state, sort, offset, limit, did you mean \"limit\"?)"},
      {"GET", "/api/v0/web/status?x=1", 400, R"(/api/v0/web/status has no parameter \"x\", and no other)"},
      {"GET", "/api/v0/web/targets?limit=1&limit=2", 400, "parameter limit is given twice"},
      {"GET", "/api/v0/web/targets?limit=x", 400, R"(parameter limit: \"x\" is not a whole number)"},
      {"GET", "/api/v0/web/targets?limit=1e3", 400, "not a whole number"},
      {"GET", "/api/v0/web/targets?limit=99999999999999999999", 400, "not a whole number of 64 bits"},
      {"GET", "/api/v0/web/targets?limit=", 200, ""},
      {"GET", "/api/v0/web/targets?limit=-9223372036854775808", 200, "\"limit\":1"},
      {"GET", "/api/v0/web/targets?sort=nmae", 400,
       R"("nmae\" is none of cpu, pid, name, complete, did you mean)"},
      {"GET", "/api/v0/web/targets?%6cimit=3", 200, "\"limit\":3"},
      {"GET", "/api/v0/web/components?defaults=1&_=17", 200, ""},
      {"GET", "/metrics?collect[]=a", 200, ""},
      {"GET", "/-/ready?verbose", 200, ""},
      {"GET", "/api/v0/web/statsu", 404, "did you mean \"/api/v0/web/status\"?"},
      {"GET", "/api/v0/web/debug/x", 404, "nothing answers /api/v0/web/debug/x\n"},
      {"GET", "/api/v0/web/explain?pid=x", 400, R"(parameter pid: \"x\" is not a whole number)"},
      {"GET", "/api/v0/web/targets?=&=", 400, R"(has no parameter \"\", only pid, filter)"},
      {"GET", "/api/v0/web/targets?&&&", 200, ""},
      {"GET", "/api/v0/web/targets?limit=%00", 400, R"(\"\u0000\" is not a whole number)"},
      {"GET", "/api/v0/web/targets?limit=%", 400, R"(\"%\" is not a whole number)"},
      {"GET", "/api/v0/web/explain?labels=%5B%5B%5B%5B", 400, "not a JSON object"},
      {"GET", "/metric", 404, "did you mean \"/metrics\"?"},
      {"GET", "/a%00b%0d%0aX", 404, "nothing answers /a\\x00b\\r\\nX"},
      {"POST", "/api/v0/web/status", 405, "/api/v0/web/status answers GET, HEAD only"},
      {"GET", "/-/reload", 405, "/-/reload answers POST only"},
      {"GET", "/api/v0/web/components/no.such/metrics", 404, R"(no component has the id \"no.such\")"},
      {"GET", "/api/v0/web/components/no.such/views/x", 404, R"(no component has the id \"no.such\")"},
  };
  ApiWorld world(Extent::examples);
  for (const Row& row : rows) {
    CAPTURE(row.target);
    auto response = world.ask(row.method, row.target);
    CHECK(response.status == row.status);
    INFO(response.body);
    CHECK(response.body.contains(row.words));
  }
}

TEST_CASE("api table: what is long or many is refused in few words") {
  ApiWorld world(Extent::examples);
  const std::string much(15'000, 'a');
  std::string many;
  for (int i = 0; i < 1000; ++i) many += fmt::format("&a{}=b", i);
  for (const std::string& target :
       {"/" + much, "/api/v0/web/components/" + much,
        "/api/v0/web/components/pyroscope.store.local/views/" + much,
        "/api/v0/web/modules/" + much + "/components", "/api/v0/component/" + much,
        "/api/v0/web/targets?limit=" + much, "/api/v0/web/targets?sort=" + much,
        "/api/v0/web/targets?" + much + "=1", "/api/v0/web/targets?" + many}) {
    CAPTURE(target.substr(0, 50));
    auto response = world.ask("GET", target);
    CHECK(response.status >= 400);
    CHECK(response.status < 500);
    CHECK(response.body.size() < 400);
  }
  CHECK(world.ask("GET", "/api/v0/web/components?" + many).status == 200);
}

// "event: …" and "data: …" as they are sent, by the event's name; the data of one that is shown elsewhere is
// left out.
std::string events_text(const net::Response& response) {
  REQUIRE(response.events);
  std::string text = response.events->next();
  std::size_t status = text.find("event: status\ndata: ");
  REQUIRE(status != std::string::npos);
  std::size_t data = text.find('{', status);
  return text.replace(data, text.find('\n', data) - data, "{…}");
}

TEST_CASE("api table: events hold what other paths answer, and name all topics") {
  ApiWorld world(Extent::examples);
  auto response = world.ask("GET", "/api/v0/web/events");
  REQUIRE(response.events);
  std::istringstream lines(response.events->next());
  std::map<std::string, boost::json::value> data;
  for (std::string line, name; std::getline(lines, line);) {
    if (line.starts_with("event: ")) name = line.substr(7);
    if (line.starts_with("data: ")) data[name] = boost::json::parse(line.substr(6));
  }
  AnswerCheck answers;
  answers.check(data["status"], "Status", "status");
  answers.check(data["changed"], "[string]", "changed");
  CHECK_MESSAGE(answers.problems().empty(), fmt::format("{}", fmt::join(answers.problems(), "\n")));
  for (const auto& topic : data["changed"].as_array())
    CHECK(route_of("/api/v0/web/events").doc.contains(std::string_view(topic.as_string())));
}

std::string example_of(ApiWorld& world, const Route& route) {
  auto response =
      world.ask(route.methods == Route::Methods::post ? "POST" : "GET", std::string(route.example));
  CAPTURE(route.example);
  REQUIRE(response.status == 200);
  if (response.events) return events_text(response);
  if (is_json(route)) return pretty(boost::json::parse(response.body));
  return route.type == "text/plain" ? response.body : "";
}

TEST_CASE("api table: the examples of the reference page are what is answered") {
  ApiWorld world(Extent::examples);
  std::string text;
  for (const Route& route : routes()) {
    if (route.example.empty()) continue;
    CHECK(&route_of(route.example) == &route);
    std::string answer = example_of(world, route);
    if (!answer.empty()) text += fmt::format("### {}\n{}", route.path, answer);
  }
  if (std::getenv("WEIR_UPDATE_CASES") != nullptr) std::ofstream(WEIR_API_EXAMPLES) << text;
  std::ifstream file(WEIR_API_EXAMPLES);
  std::string kept(std::istreambuf_iterator<char>(file), {});
  CHECK_MESSAGE(kept == text, "run with WEIR_UPDATE_CASES=1, build, and write the pages anew: weir docs");
}

}  // namespace
}  // namespace weir::web::testing
