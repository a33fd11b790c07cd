#include <filesystem>
#include <fstream>

#include "runtime/component.h"
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
  explicit ConfigFixture(const std::string& running, const std::string& disk) {
    registry.add("test.login", login_type);
    std::ofstream(path) << disk;
    runtime::Snapshot snapshot;
    snapshot.config_path = path;
    snapshot.sources = {lang::Source::make(path, running)};
    controller.publish(std::move(snapshot));
  }
  ~ConfigFixture() { std::filesystem::remove(path); }

  SiteFixture site;
  FakeController& controller = site.controller;
  runtime::Registry registry;
  std::string path = std::filesystem::temp_directory_path() / "weir-config-test.river";
  net::Handler handler =
      make_handler({.controller = &controller, .clock = &site.clock, .registry = &registry});

  boost::json::value ask() {
    site.handler = handler;
    return site.json("/api/v0/web/config");
  }
};

TEST_CASE("web: the config that runs, and no secret of it") {
  std::string text =
      "test.login \"a\" {\n  url = \"http://me:pa55@host\"\n  password = \"hunter2\"\n}\n"
      "declare \"d\" {\n  test.login \"b\" { password = argument.p.value }\n}\n"
      "d \"x\" { p = \"tr0ub4dor\" }\n// password = \"0ld\"\nh = {\"Authorization\" = \"Bearer abc\"}\n";
  ConfigFixture config(text, text);
  auto answer = config.ask();
  const auto& file = answer.at("files").as_array().at(0).as_object();
  CHECK(file.at("isSame").as_bool());
  CHECK_FALSE(file.contains("disk"));
  CHECK(file.at("running") ==
        "test.login \"a\" {\n  url = \"http://me:(secret)@host\"\n  password = \"(secret)\"\n}\n"
        "declare \"d\" {\n  test.login \"b\" { password = argument.p.value }\n}\n"
        "d \"x\" { p = \"(secret)\" }\n// password = \"(secret)\"\nh = {\"Authorization\" = \"(secret)\"}\n");
}

TEST_CASE("web: what the file on the disk says beside it, also where only a secret differs") {
  ConfigFixture config("password = \"a\"\n", "password = \"b\"\n");
  auto answer = config.ask();
  const auto& file = answer.at("files").as_array().at(0).as_object();
  CHECK_FALSE(file.at("isSame").as_bool());
  CHECK(file.at("disk") == file.at("running"));
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
