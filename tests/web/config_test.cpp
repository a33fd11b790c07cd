#include <filesystem>
#include <fstream>

#include "runtime/component.h"
#include "runtime/config_blocks.h"
#include "tests/web/site_fixture.h"

namespace weir::web::testing {
namespace {

struct Login {
  std::string url;
  lang::Secret password;

  static constexpr auto fields() {
    return std::tuple{lang::optional("url", &Login::url, "Where."),
                      lang::optional("password", &Login::password, "Secret.")};
  }
  bool operator==(const Login&) const = default;
};

runtime::ComponentType login_type() {
  runtime::ComponentType type;
  type.name = "test.login";
  type.arguments = &lang::schema<Login>();
  return type;
}

// A config on the disk, and a site that runs another or the same.
struct ConfigFixture {
  explicit ConfigFixture(const std::string& running, const std::string& disk,
                         const std::string& imported = "",
                         std::vector<std::shared_ptr<const runtime::Node>> nodes = {}) {
    registry.add("test.login", login_type);
    std::ofstream(path) << disk;
    runtime::Snapshot snapshot;
    snapshot.config_path = path;
    snapshot.sources = {lang::Source::make(path, running)};
    snapshot.module_sources = {lang::Source::make("imported", imported)};
    snapshot.nodes = std::move(nodes);
    controller.publish(std::move(snapshot));
  }
  ~ConfigFixture() { std::filesystem::remove(path); }

  SiteFixture site;
  FakeController& controller = site.controller;
  runtime::Registry registry;
  std::string path = std::filesystem::temp_directory_path() / "weir-config-test.river";
  net::Handler handler =
      make_handler({.controller = &controller, .clock = &site.clock, .registry = &registry});

  boost::json::value ask() { return ask("config"); }
  boost::json::value ask(const std::string& what) {
    site.handler = handler;
    return site.json("/api/v0/web/" + what);
  }
};

TEST_CASE("web: the config that runs, and no secret of it") {
  std::string text =
      "test.login \"a\" {\n  url = \"http://me:pa55@host\"\n  password = \"hunter2\"\n}\n"
      "declare \"d\" {\n  test.login \"b\" { password = argument.p.value }\n}\n"
      "d \"x\" { p = \"tr0ub4dor\" }\n// password = \"0ld\"\nh = {\"Authorization\" = \"Bearer abc\"}\n"
      "headers = {\"X-Vault-Token\" = \"abc\", \"content-type\" = \"d\"}\n";
  ConfigFixture config(text, text);
  auto answer = config.ask();
  const auto& file = answer.at("files").as_array().at(0).as_object();
  CHECK(file.at("isSame").as_bool());
  CHECK_FALSE(file.contains("disk"));
  CHECK(file.at("running") ==
        "test.login \"a\" {\n  url = \"http://(secret)@host\"\n  password = \"(secret)\"\n}\n"
        "declare \"d\" {\n  test.login \"b\" { password = argument.p.value }\n}\n"
        "d \"x\" { p = \"(secret)\" }\n// password = \"(secret)\"\nh = {\"Authorization\" = \"(secret)\"}\n"
        "headers = {\"X-Vault-Token\" = \"(secret)\", \"content-type\" = \"d\"}\n");
}

TEST_CASE("web: what an imported module passes on to a secret is hidden, and the module is not shown") {
  std::string text = "m.d \"y\" { p = \"IMPORTLEAK\", q = \"b\" }\n";
  ConfigFixture config(text, text,
                       "declare \"d\" {\n  test.login \"b\" { password = argument.p.value }\n}\n");
  auto answer = config.ask();
  REQUIRE(answer.at("files").as_array().size() == 1);
  CHECK(answer.at("files").as_array()[0].at("running") == "m.d \"y\" { p = \"(secret)\", q = \"b\" }\n");
}

// A use of a declare that got these arguments and exports this.
std::shared_ptr<runtime::Node> use_of(lang::BodyValue arguments, lang::Value exports) {
  auto node = node_with("d.x", runtime::HealthState::healthy);
  node->name = "d";
  node->type = &runtime::module_type();
  change(*node, [&](auto& state) {
    state.arguments = runtime::module_arguments(std::move(arguments));
    state.exports = std::move(exports);
  });
  return node;
}

TEST_CASE("web: the view of a component hides what its config hides") {
  using lang::Value;
  std::string text =
      "declare \"d\" {\n  test.login \"b\" { password = argument.word.value }\n}\n"
      "test.login \"c\" { password = d.x.key }\n";
  std::vector<Value> many(30, Value("MANYLEAK"));
  Value headers = Value::object({{"X-Vault-Token", "HEADERLEAK"}, {"Content-Type", "text/plain"}});
  lang::BodyValue arguments;
  arguments.statements = {
      {.name = "word", .value = Value::array(many)},
      {.name = "headers", .value = headers},
      {.name = "list", .value = Value::array({Value::object({{"password", "FIELDLEAK"}})})},
      {.name = "plain", .value = "kept"},
      {.name = "url", .value = "http://me:URLLEAK@there"}};
  ConfigFixture config(text, text, "",
                       {use_of(arguments, Value::object({{"key", "EXPORTLEAK"}, {"open", 1}}))});
  std::string answer = boost::json::serialize(config.ask("components/d.x"));
  INFO(answer);
  for (const char* shown : {"X-Vault-Token", "text/plain", "kept", "@there", "open"})
    CHECK(answer.contains(shown));
  CHECK_FALSE(answer.contains("LEAK"));
  CHECK(config.site.get("/api/v0/web/components/d.x/views/arguments.word").status == 404);
}

TEST_CASE("web: the items of a foreach are hidden where its template needs them for a secret") {
  std::string text =
      "foreach \"f\" {\n  collection = [{n = \"a\", t = \"ITEMLEAK\"}]\n  var = \"it\"\n  template {\n"
      "    test.login \"b\" { password = it.t }\n  }\n}\n";
  lang::BodyValue arguments;
  auto item = lang::Value::object({{"n", "shown"}, {"t", "ITEMLEAK"}});
  arguments.statements = {{.name = "collection", .value = lang::Value::array({item})},
                          {.name = "var", .value = "it"}};
  auto node = use_of(arguments, lang::Value::object({{"items", lang::Value::object({{"one", item}})}}));
  node->name = "foreach";
  ConfigFixture config(text, text, "", {node});
  std::string answer = boost::json::serialize(config.ask("components/d.x"));
  CHECK(answer.contains("shown"));
  CHECK_FALSE(answer.contains("ITEMLEAK"));
}

TEST_CASE("web: what the file on the disk says beside it, also where only a secret differs") {
  ConfigFixture config("password = \"a\"\n", "password = \"b\"\n");
  auto answer = config.ask();
  const auto& file = answer.at("files").as_array().at(0).as_object();
  CHECK_FALSE(file.at("isSame").as_bool());
  CHECK(file.at("disk") == file.at("running"));
}

TEST_CASE("web: the value of a misspelled secret is hidden too") {
  ConfigFixture fixture(
      "", "test.login \"a\" {\n  pasword = \"hunter2\"\n  paswords = \"hunter2\"\n  user = \"me\"\n}\n");
  std::string disk(fixture.ask().at("files").at(0).at("disk").as_string());
  CHECK(disk ==
        "test.login \"a\" {\n  pasword = \"(secret)\"\n  paswords = \"(secret)\"\n  user = \"me\"\n}\n");
}

TEST_CASE("web: a config that is gone from the disk still shows what runs") {
  ConfigFixture config("a = 1\n", "");
  std::filesystem::remove(config.path);
  auto answer = config.ask();
  const auto& file = answer.at("files").as_array().at(0).as_object();
  CHECK_FALSE(file.at("isOnDisk").as_bool());
  CHECK(file.at("running") == "a = 1\n");
  CHECK(answer.at("unreadable").as_array().size() == 1);
}

TEST_CASE("web: more text than anybody reads is not sent") {
  std::string text(5u << 20, '\n');
  ConfigFixture config(text, text);
  auto answer = config.ask();
  CHECK_FALSE(answer.at("hasTexts").as_bool());
  CHECK(answer.at("bytes") == text.size());
}

}  // namespace
}  // namespace weir::web::testing
