// A client of Grafana Agent Flow or Alloy gets from weir what it expects: paths, statuses, fields, nesting,
// types.
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

#include "tests/web/api_world.h"

namespace weir::web::testing {
namespace {

using boost::json::value;
using Extent = ApiWorld::Extent;

value ask(ApiWorld& world, const std::string& target) {
  auto response = world.ask("GET", target);
  INFO(target);
  REQUIRE(response.status == 200);
  return boost::json::parse(response.body);
}

struct Member {
  const char* name;
  boost::json::kind kind;
};

void check_members(const value& object, std::initializer_list<Member> members) {
  for (const Member& member : members) {
    CAPTURE(member.name);
    REQUIRE(object.as_object().contains(member.name));
    CHECK(object.at(member.name).kind() == member.kind);
  }
}

void check_strings(const value& list) {
  for (const auto& text : list.as_array()) CHECK(text.is_string());
}

// RFC 3339 in UTC.
void check_time(const value& time) {
  std::string text(time.as_string());
  CAPTURE(text);
  CHECK(text.size() >= 20);
  CHECK(text[10] == 'T');
  CHECK(text.ends_with('Z'));
}

void check_component(const value& component) {
  using boost::json::kind;
  check_members(component, {{"name", kind::string},
                            {"type", kind::string},
                            {"localID", kind::string},
                            {"moduleID", kind::string},
                            {"label", kind::string},
                            {"referencesTo", kind::array},
                            {"referencedBy", kind::array},
                            {"health", kind::object},
                            {"original", kind::string},
                            {"arguments", kind::array},
                            {"exports", kind::array},
                            {"debugInfo", kind::array},
                            {"createdModuleIDs", kind::array}});
  CHECK(component.at("type") == "block");
  CHECK(component.at("original") == "");
  for (const char* name : {"referencesTo", "referencedBy", "createdModuleIDs"})
    check_strings(component.at(name));
  const value& health = component.at("health");
  check_members(health, {{"state", kind::string}, {"message", kind::string}, {"updatedTime", kind::string}});
  check_time(health.at("updatedTime"));
  const std::set<std::string_view> states{"healthy", "unhealthy", "unknown", "exited"};
  CHECK(states.contains(health.at("state").as_string()));
}

void check_value(const value& one) {
  const std::string type(one.at("type").as_string());
  const value& inner = one.at("value");
  CAPTURE(type);
  if (type == "string" || type == "function" || type == "capsule") {
    CHECK(inner.is_string());
  } else if (type == "number") {
    CHECK(inner.is_number());
  } else if (type == "bool") {
    CHECK(inner.is_bool());
  } else if (type == "null") {
    CHECK(inner.is_null());
  } else if (type == "array") {
    for (const auto& item : inner.as_array()) check_value(item);
  } else {
    CHECK(type == "object");
    for (const auto& field : inner.as_array()) {
      CHECK(field.at("key").is_string());
      check_value(field.at("value"));
    }
  }
}

void check_body(const value& body) {
  for (const auto& statement : body.as_array()) {
    CHECK(statement.at("name").is_string());
    if (statement.at("type") == "block") {
      check_body(statement.at("body"));
    } else {
      CHECK(statement.at("type") == "attr");
      check_value(statement.at("value"));
    }
  }
}

TEST_CASE("peer: the list has the root's components, each with its health and no values") {
  ApiWorld world(Extent::more);
  auto list = ask(world, "/api/v0/web/components");
  CHECK(list.as_array().size() > 4);
  for (const auto& component : list.as_array()) {
    check_component(component);
    CHECK(component.at("moduleID") == "");
    for (const char* body : {"arguments", "exports", "debugInfo"})
      CHECK(component.at(body).as_array().empty());
  }
}

TEST_CASE("peer: one reaches each component once by going into the modules that the list names") {
  ApiWorld world(Extent::more);
  std::vector<std::string> ids, paths{"/api/v0/web/components"};
  while (!paths.empty()) {
    auto list = ask(world, paths.back());
    paths.pop_back();
    for (const auto& component : list.as_array()) {
      check_component(component);
      std::string module(component.at("moduleID").as_string()), local(component.at("localID").as_string());
      ids.push_back(module.empty() ? local : fmt::format("{}/{}", module, local));
      for (const auto& created : component.at("createdModuleIDs").as_array())
        paths.push_back(fmt::format("/api/v0/web/modules/{}/components", std::string(created.as_string())));
    }
  }
  CHECK(ids.size() == world.site.controller.snapshot()->nodes.size());
  for (const std::string& id : ids) {
    auto detail = ask(world, "/api/v0/web/components/" + id);
    check_component(detail);
    for (const char* body : {"arguments", "exports", "debugInfo"}) check_body(detail.at(body));
  }
}

TEST_CASE("peer: a component that waits is unknown, and waiting for who asks for it") {
  ApiWorld world(Extent::examples);
  const std::string one = "/api/v0/web/components/ship.local/local.file.token";
  CHECK(ask(world, one).at("health").at("state") == "unknown");
  CHECK(ask(world, one + "?states=all").at("health").at("state") == "waiting");
  CHECK(ask(world, one + "?states=all").at("healthParts").at("evaluation").at("state") == "waiting");
  const std::string module = "/api/v0/web/modules/ship.local/components";
  CHECK(ask(world, module).as_array().at(0).at("health").at("state") == "unknown");
  CHECK(ask(world, module + "?states=all").as_array().at(0).at("health").at("state") == "waiting");
}

std::map<std::string, value> by_name(const value& body) {
  std::map<std::string, value> values;
  for (const auto& statement : body.as_array())
    values[std::string(statement.at("name").as_string())] = statement.at("value");
  return values;
}

TEST_CASE("peer: arguments leave defaults out, secrets and capsules are told as such") {
  ApiWorld world(Extent::more);
  auto arguments = by_name(ask(world, "/api/v0/web/components/pyroscope.ebpf.machine").at("arguments"));
  CHECK(arguments.size() == 3);
  CHECK_FALSE(arguments.contains("symbols_map_size"));
  auto exports = by_name(ask(world, "/api/v0/web/components/test.values.odd").at("exports"));
  CHECK(boost::json::serialize(exports["secret"]) == R"json({"type":"capsule","value":"(secret)"})json");
  CHECK(boost::json::serialize(arguments["forward_to"].at("value").at(0)) ==
        R"json({"type":"capsule","value":"capsule(\"ProfilesReceiver\")"})json");
  CHECK(boost::json::serialize(arguments["targets"].at("value").at(0).at("value").at(0)) ==
        R"({"key":"__process_pid__","value":{"type":"string","value":"4211"}})");
}

TEST_CASE("peer: peers are one, and it is this one; no config comes from a server") {
  ApiWorld world(Extent::examples);
  CHECK(boost::json::serialize(ask(world, "/api/v0/web/peers")) ==
        R"([{"name":"node-7","addr":"127.0.0.1:12345","isSelf":true,"state":"participant"}])");
  CHECK(ask(world, "/api/v0/web/remotecfg/components").as_array().empty());
}

TEST_CASE("peer: the statuses and texts of what machines ask") {
  struct Row {
    const char* method;
    const char* target;
    int status;
    const char* content_type;
    const char* begin;
  };
  const Row rows[] = {
      {"GET", "/metrics", 200, "text/plain; version=0.0.4; charset=utf-8", "# HELP"},
      {"GET", "/-/ready", 200, "text/plain; charset=utf-8", "weir is ready."},
      {"GET", "/-/healthy", 200, "text/plain; charset=utf-8", "All components are healthy."},
      {"POST", "/-/reload", 200, "text/plain; charset=utf-8", "config reloaded"},
      {"GET", "/api/v0/web/components/no.such", 404, "application/json", "{\"error\""},
      {"GET", "/api/v0/component/no.such/x", 400, "text/plain; charset=utf-8", ""},
      {"GET", "/api/v0/component/pyroscope.store.local/x", 404, "text/plain; charset=utf-8", ""},
      {"GET", "/api/v1/ckit/transport/", 404, "text/plain; charset=utf-8", ""},
  };
  ApiWorld world(Extent::examples);
  for (const Row& row : rows) {
    CAPTURE(row.target);
    auto response = world.ask(row.method, row.target);
    CHECK(response.status == row.status);
    CHECK(response.headers.get("Content-Type") == row.content_type);
    CHECK(response.body.starts_with(row.begin));
  }
  world.site.controller.next_load.ok = false;
  CHECK(world.ask("POST", "/-/reload").status == 400);
  world.site.controller.publish({});
  CHECK(world.ask("GET", "/-/ready").status == 503);
}

}  // namespace
}  // namespace weir::web::testing
