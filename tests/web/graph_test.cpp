#include <fmt/format.h>

#include "tests/web/fake_parts.h"
#include "tests/web/site_fixture.h"

namespace weir::web::testing {
namespace {

using lang::Value;
using runtime::HealthState;

struct Forwarding {
  std::vector<Value> forward_to;
};

const runtime::ComponentType& sender_type() {
  static const runtime::ComponentType type = [] {
    runtime::ComponentType t;
    t.name = "test.sender";
    t.to_body = [](const runtime::ArgumentsPtr& a) {
      lang::BodyValue body;
      auto list = static_cast<const Forwarding*>(a.get())->forward_to;
      body.statements.push_back({.name = "forward_to", .value = Value::array(std::move(list))});
      return body;
    };
    return t;
  }();
  return type;
}

Value targets(int count) {
  std::vector<Value> all;
  for (int i = 0; i < count; ++i) all.push_back(Value::object({{"name", fmt::format("{}", i)}}));
  return Value::array(std::move(all));
}

// A component whose block is this text.
std::shared_ptr<runtime::Node> block(std::string id, std::string text, std::vector<std::string> uses = {}) {
  auto node = node_with(std::move(id), HealthState::healthy);
  auto end = static_cast<std::uint32_t>(text.size());
  node->set_place({lang::Source::make("config.river", std::move(text)), {0, end}});
  node->references_to = std::move(uses);
  return node;
}

void give(runtime::Node& node, const std::string& name, const Value& value) {
  change(node, [&](auto& state) { state.exports = Value::ordered_object({{name, value}}); });
}

void make_sender(runtime::Node& node, std::vector<Value> receivers) {
  node.type = &sender_type();
  change(node, [&](auto& state) {
    state.arguments = std::make_shared<const Forwarding>(Forwarding{std::move(receivers)});
    state.services.emplace_back(typeid(profile::Handover), std::static_pointer_cast<const profile::Handover>(
                                                               std::make_shared<FakeHandover>()));
  });
}

// "a -> b targets [x] 3"
std::string lines(const boost::json::value& graph) {
  std::string text;
  const auto& nodes = graph.at("nodes").as_array();
  auto id = [&](const boost::json::value& index) {
    return std::string(nodes[index.to_number<std::size_t>()].at("id").as_string());
  };
  for (const auto& edge : graph.at("edges").as_array()) {
    const auto& fields = edge.as_object();
    text += fmt::format("{} -> {} {} {}", id(edge.at("from")), id(edge.at("to")),
                        std::string(edge.at("kind").as_string()), boost::json::serialize(edge.at("exports")));
    for (const char* name : {"length", "profiles"}) {
      if (fields.contains(name)) text += fmt::format(" {}={}", name, boost::json::serialize(fields.at(name)));
    }
    text += fields.at("inside").as_bool() ? " inside\n" : "\n";
  }
  return text;
}

TEST_CASE("web: the graph's edges have the direction of the data and its size") {
  SiteFixture site;
  auto found = block("discovery.a.x", "discovery.a \"x\" { }");
  auto kept = block("discovery.relabel.y", "discovery.relabel \"y\" { targets = discovery.a.x.targets }",
                    {"discovery.a.x"});
  auto sink = block("pyroscope.write.w", "pyroscope.write \"w\" { }");
  auto sender =
      block("pyroscope.ebpf.e",
            "pyroscope.ebpf \"e\" {\n  targets = discovery.relabel.y.output // discovery.a.x.targets\n"
            "  forward_to = [pyroscope.write.w.receiver]\n}",
            {"discovery.relabel.y", "pyroscope.write.w"});
  auto waits = block("local.file.f", "local.file \"f\" { }");
  auto user = block("other.u", "other \"u\" { a = local.file.f.content\n b = discovery.a.x[0] }",
                    {"local.file.f", "discovery.a.x"});
  Value to = FakeReceiver::value();
  give(*found, "targets", targets(3));
  give(*kept, "output", targets(2));
  give(*sink, "receiver", to);
  make_sender(*sender, {to});
  site.run({found, kept, sink, sender, waits, user});
  CHECK(lines(site.json("/api/v0/web/graph")) ==
        "discovery.a.x -> discovery.relabel.y targets [\"targets\"] length=3\n"
        "discovery.a.x -> other.u value []\n"
        "discovery.relabel.y -> pyroscope.ebpf.e targets [\"output\"] length=2\n"
        "pyroscope.ebpf.e -> pyroscope.write.w profiles [\"receiver\"] profiles=42\n"
        "local.file.f -> other.u value [\"content\"]\n");
}

TEST_CASE("web: the graph shows what passes into a module and out of it") {
  SiteFixture site;
  Value list = targets(4);
  Value to = FakeReceiver::value();
  auto found = block("discovery.a.x", "discovery.a \"x\" { }");
  auto module = block("ship.m", "ship \"m\" { targets = discovery.a.x.targets }", {"discovery.a.x"});
  module->created_modules = {"ship.m"};
  auto inner =
      block("ship.m/discovery.relabel.r", "discovery.relabel \"r\" { targets = argument.targets.value }");
  auto sink = block("ship.m/pyroscope.write.w", "pyroscope.write \"w\" { }");
  auto sender =
      block("pyroscope.ebpf.e", "pyroscope.ebpf \"e\" { forward_to = [ship.m.receiver] }", {"ship.m"});
  give(*found, "targets", list);
  give(*sink, "receiver", to);
  give(*module, "receiver", to);
  make_sender(*sender, {to});
  site.run({found, module, inner, sink, sender});
  CHECK(lines(site.json("/api/v0/web/graph")) ==
        "discovery.a.x -> ship.m targets [\"targets\"] length=4\n"
        "ship.m -> ship.m/discovery.relabel.r value [\"targets\"] inside\n"
        "ship.m -> ship.m/pyroscope.write.w profiles [\"receiver\"] inside\n"
        "pyroscope.ebpf.e -> ship.m profiles [\"receiver\"] profiles=42\n");
}

}  // namespace
}  // namespace weir::web::testing
