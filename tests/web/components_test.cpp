#include "runtime/health_history.h"
#include "tests/web/fake_parts.h"
#include "tests/web/site_fixture.h"

namespace weir::web::testing {
namespace {

using lang::Value;
using runtime::HealthState;

struct Inner {
  std::string url = "http://x";
  lang::Secret password{"hunter2"};

  static constexpr auto fields() {
    return std::tuple{lang::required("url", &Inner::url, "Where."),
                      lang::optional("password", &Inner::password, "Secret.")};
  }
  bool operator==(const Inner&) const = default;
};

struct Arguments {
  std::string name = "n";
  double rate = 97;
  std::vector<std::string> list;
  std::vector<Inner> endpoint;

  static constexpr auto fields() {
    return std::tuple{lang::required("name", &Arguments::name, "Its name."),
                      lang::optional("rate", &Arguments::rate, "How often.").unit("Hz"),
                      lang::optional("list", &Arguments::list, "Some."),
                      lang::block("endpoint", &Arguments::endpoint, "Where to.")};
  }
  bool operator==(const Arguments&) const = default;
};

const runtime::ComponentType& thing_type() {
  static const runtime::ComponentType type = component_type<Arguments>("test.thing", "A thing.");
  return type;
}

std::shared_ptr<runtime::Node> thing(Arguments arguments) {
  auto node = node_with("test.thing.a", HealthState::unhealthy, "it is broken");
  node->type = &thing_type();
  node->name = node->type->name;
  node->references_to = {"other.b"};
  change(*node,
         [&](auto& state) { state.arguments = std::make_shared<const Arguments>(std::move(arguments)); });
  return node;
}

Value numbers(int count) {
  std::vector<Value> all;
  for (int i = 0; i < count; ++i) all.emplace_back(i);
  return Value::array(std::move(all));
}

std::string text(const boost::json::value& value) {
  return boost::json::serialize(value);
}

TEST_CASE("web: the list has the peer's fields, and no bodies") {
  SiteFixture site;
  site.run({thing({})});
  auto list = site.json("/api/v0/web/components");
  REQUIRE(list.as_array().size() == 1);
  const auto& first = list.as_array()[0].as_object();
  CHECK(first.at("name") == "test.thing");
  CHECK(first.at("type") == "block");
  CHECK(first.at("localID") == "test.thing.a");
  CHECK(first.at("moduleID") == "");
  CHECK(first.at("label") == "a");
  CHECK(text(first.at("referencesTo")) == R"(["other.b"])");
  CHECK(first.at("health").at("state") == "unhealthy");
  CHECK(first.at("health").at("message") == "it is broken");
  CHECK(first.at("health").at("updatedTime") == "2023-11-14T22:13:20.000Z");
  CHECK(first.at("original") == "");
  for (auto name : {"arguments", "exports", "debugInfo", "createdModuleIDs"})
    CHECK(text(first.at(name)) == "[]");
}

TEST_CASE("web: a module's components have a list of their own") {
  SiteFixture site;
  auto module = make_node("add.x");
  module->name = "add";
  module->created_modules = {"add.x"};
  auto inner = make_node("add.x/inner.y");
  inner->created_modules = {"add.x/inner.y"};
  site.run({module, inner, make_node("add.x/inner.y/test.thing.z")});
  CHECK(site.json("/api/v0/web/components").as_array().size() == 1);
  CHECK(site.json("/api/v0/web/components?modules=1").as_array().size() == 3);
  CHECK(site.json("/api/v0/web/components/add.x").at("name") == "add");
  CHECK(text(site.json("/api/v0/web/components/add.x").at("createdModuleIDs")) == R"(["add.x"])");
  auto listed = site.json("/api/v0/web/modules/add.x/components");
  REQUIRE(listed.as_array().size() == 1);
  CHECK(listed.as_array()[0].at("id") == "add.x/inner.y");
  CHECK(listed.as_array()[0].at("localID") == "inner.y");
  CHECK(listed.as_array()[0].at("moduleID") == "add.x");
  auto deeper = site.json("/api/v0/web/modules/add.x/inner.y/components");
  REQUIRE(deeper.as_array().size() == 1);
  CHECK(deeper.as_array()[0].at("id") == "add.x/inner.y/test.thing.z");
  CHECK(site.get("/api/v0/web/modules/none/components").status == 404);
  CHECK(site.get("/api/v0/web/modules/add.x").status == 404);
}

TEST_CASE("web: arguments as the peer shows them, and with their defaults for the page") {
  SiteFixture site;
  Arguments arguments;
  arguments.name = "x";
  arguments.endpoint = {{.password = {"other"}}};
  site.run({thing(arguments)});
  auto detail = site.json("/api/v0/web/components/test.thing.a");
  CHECK(text(detail.at("arguments")) ==
        R"([{"name":"name","type":"attr","value":{"type":"string","value":"x"}},)"
        R"({"name":"endpoint","type":"block","body":[)"
        R"({"name":"url","type":"attr","value":{"type":"string","value":"http://x"}},)"
        R"json({"name":"password","type":"attr","value":{"type":"capsule","value":"(secret)"}}]}])json");
  auto full = site.json("/api/v0/web/components/test.thing.a?defaults=1").at("arguments");
  CHECK(text(full.as_array()[1]) == R"({"name":"rate","type":"attr","default":true,"doc":"How often.",)"
                                    R"("unit":"Hz","value":{"type":"number","value":97}})");
}

TEST_CASE("web: no secret leaves, wherever it stands") {
  SiteFixture site;
  auto node = thing({.endpoint = {{.password = {"sesame"}}}});
  change(*node, [](auto& state) {
    state.exports = Value::object({{"a", lang::Secret{"sesame"}},
                                   {"b", lang::OptionalSecret{"sesame", true}},
                                   {"c", Value::array({lang::Secret{"sesame"}})},
                                   {"d", Value::object({{"e", lang::Secret{"sesame"}}})},
                                   {"plain", lang::OptionalSecret{"shown", false}}});
    auto body = std::make_shared<lang::BodyValue>();
    body->statements.push_back({.name = "s", .value = lang::Secret{"sesame"}});
    state.debug_info = body;
    state.views.push_back(runtime::list_view(
        "v", "V", Value::array({Value::object({{"k", lang::Secret{"sesame"}}})}).as_list()));
  });
  site.run({node});
  for (auto target : {"/api/v0/web/components", "/api/v0/web/components/test.thing.a?defaults=1",
                      "/api/v0/web/components/test.thing.a/views/v"}) {
    CHECK(site.get(target).body.find("sesame") == std::string::npos);
  }
  CHECK(site.get("/api/v0/web/components/test.thing.a").body.find("shown") != std::string::npos);
}

TEST_CASE("web: values of every type") {
  struct Row {
    Value value;
    const char* json;
  };
  const Row rows[] = {
      {Value(), R"({"type":"null","value":null})"},
      {true, R"({"type":"bool","value":true})"},
      {-7, R"({"type":"number","value":-7})"},
      {std::uint64_t{18446744073709551615u}, R"({"type":"number","value":18446744073709551615})"},
      {0.0 / 0.0, R"({"type":"number","value":"NaN"})"},
      {"a\"b\\\n", R"({"type":"string","value":"a\"b\\\n"})"},
      {numbers(2), R"({"type":"array","value":[{"type":"number","value":0},{"type":"number","value":1}]})"},
      {Value::ordered_object({{"z", 1}, {"a", 2}}),
       R"({"type":"object","value":[{"key":"z","value":{"type":"number","value":1}},{"key":"a","value":{"type":"number","value":2}}]})"},
  };
  for (const auto& row : rows) {
    SiteFixture site;
    auto node = thing({});
    change(*node, [&](auto& state) { state.exports = Value::object({{"v", row.value}}); });
    site.run({node});
    CHECK(text(site.json("/api/v0/web/components/test.thing.a").at("exports").as_array()[0].at("value")) ==
          row.json);
  }
}

TEST_CASE("web: long lists are cut and read in pages") {
  SiteFixture site;
  auto node = thing({.list = std::vector<std::string>(25, "item")});
  change(*node, [](auto& state) { state.exports = Value::object({{"targets", numbers(1000)}}); });
  site.run({node});
  const std::string base = "/api/v0/web/components/test.thing.a";
  auto exported = site.json(base).at("exports").as_array()[0].at("value");
  CHECK(exported.at("length") == 1000);
  CHECK(exported.at("view") == "exports.targets");
  CHECK(exported.at("value").as_array().size() == 20);

  struct Row {
    const char* query;
    std::size_t rows;
    std::int64_t matching;
    std::int64_t first;
  };
  const Row rows[] = {
      {"", 50, 1000, 0},
      {"?offset=990", 10, 1000, 990},
      {"?limit=1000", 200, 1000, 0},
      {"?limit=0", 1, 1000, 0},
      {"?offset=-5&limit=3", 3, 1000, 0},
      {"?offset=5000", 0, 1000, 0},
      {"?filter=99&limit=2", 2, 19, 99},
  };
  for (const auto& row : rows) {
    CAPTURE(row.query);
    auto page = site.json(base + "/views/exports.targets" + row.query);
    CHECK(page.at("total") == 1000);
    CHECK(page.at("matching") == row.matching);
    REQUIRE(page.at("rows").as_array().size() == row.rows);
    if (row.rows > 0) CHECK(page.at("rows").as_array()[0].at("value") == row.first);
  }
  CHECK(site.json(base + "/views/arguments.list").at("total") == 25);
  CHECK(site.get(base + "/views/no").status == 404);
  CHECK(site.get(base + "/views/exports.no").status == 404);
  CHECK(site.get(base + "/views/exports.targets?offset=x").status == 400);
}

TEST_CASE("web: deep and hostile values stay within bounds") {
  SiteFixture site;
  Value deep = "bottom";
  for (int i = 0; i < 2'000; ++i) deep = Value::array({deep});
  auto node = thing({.name = std::string("\xff<script>\0\x1b", 11)});
  change(*node, [&](auto& state) {
    state.exports =
        Value::object({{"deep", deep}, {"long", std::string(1 << 20, 'x')}, {"k\"\xc3\x28", "v"}});
    state.health.message = "line\nbreak \xf0\x9f\x92\xa7 \xed\xa0\x80";
  });
  site.run({node});
  auto response = site.get("/api/v0/web/components/test.thing.a?defaults=1");
  CHECK(response.body.size() < 200'000);
  // Throws when it is not JSON or not UTF-8.
  auto detail = boost::json::parse(response.body, {}, {.max_depth = 100});
  CHECK(detail.at("health").at("message") ==
        "line\nbreak \xf0\x9f\x92\xa7 \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("web: a component's log lines, place and views are part of it") {
  SiteFixture site;
  auto node = thing({});
  node->set_place({lang::Source::make("main.river", "// one\ntest.thing \"a\" {\n}\n"), {7, 20}});
  change(*node, [](auto& state) {
    state.views.push_back(runtime::list_view("found", "What was found", numbers(3).as_list()));
  });
  Logger(site.log, "test.thing.a").warn("looked", {{"at", "<b>"}});
  Logger(site.log, "other.b").warn("not this one");
  site.run({node});
  auto detail = site.json("/api/v0/web/components/test.thing.a");
  CHECK(text(detail.at("place")) == R"({"file":"main.river","line":2})");
  CHECK(text(detail.at("views")) == R"([{"name":"found","title":"What was found","total":3}])");
  REQUIRE(detail.at("log").as_array().size() == 1);
  CHECK(detail.at("log").as_array()[0].at("message") == "looked");
  CHECK(text(detail.at("log").as_array()[0].at("fields")) == R"([{"key":"at","value":"<b>"}])");
}

TEST_CASE("web: how a component was before is part of it") {
  SiteFixture site;
  auto node = thing({});
  change(*node, [](auto& state) {
    auto history = runtime::continued(nullptr, {.state = HealthState::healthy, .message = "it works"});
    history = runtime::continued(history, state.health);
    state.services.emplace_back(typeid(runtime::HealthHistory), history);
  });
  site.run({node});
  CHECK(text(site.json("/api/v0/web/components/test.thing.a").at("healthHistory")) ==
        R"([{"state":"healthy","message":"it works","since":0},)"
        R"({"state":"unhealthy","message":"it is broken","since":1700000000000}])");
}

TEST_CASE("web: long texts are cut, those in lists sooner") {
  SiteFixture site;
  auto node = thing({});
  change(*node, [](auto& state) {
    std::string label(64 << 10, 'x');
    state.exports = Value::object(
        {{"text", label}, {"targets", Value::array(std::vector<Value>(300, Value::object({{"l", label}})))}});
  });
  site.run({node});
  const std::string base = "/api/v0/web/components/test.thing.a";
  CHECK(site.get(base).body.size() < 100'000);
  CHECK(site.get(base + "/views/exports.targets?limit=200").body.size() < 300'000);
  auto row = site.json(base + "/views/exports.targets").at("rows").as_array()[0];
  CHECK(row.at("value").as_array()[0].at("value").at("length") == 65536);
}

}  // namespace
}  // namespace weir::web::testing
