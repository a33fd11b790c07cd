#include "runtime/controller.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <mutex>
#include <thread>

#include "base/file_system.h"
#include "tests/runtime/test_runtime.h"

namespace weir::runtime::testing {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string argument(const TestRuntime& runtime, std::string_view id) {
  auto snapshot = runtime.controller->snapshot();
  const Node* node = snapshot->find(id);
  if (node == nullptr) return "not there";
  auto body = node->arguments();
  return body.statements.empty() ? "nothing" : lang::describe(body.statements.front().value);
}

TEST_CASE("a component that hangs shows it, delays nobody, and does not keep stop from ending") {
  TestRuntime runtime;
  auto text = [](int version) {
    return "test.trouble \"apply\" {\n at = \"apply\"\n version = " + std::to_string(version) +
           "\n}\n test.trouble \"stop\" { at = \"stop\" }\n test.sink \"s\" { number = " +
           std::to_string(version + 1) + " }\n";
  };
  CHECK(runtime.load(text(0)).ok);
  CHECK(runtime.eventually_in("test.trouble.apply", HealthState::healthy));
  CHECK(runtime.load(text(1)).ok);
  CHECK(eventually([] { return stage().hanging() == 1; }));
  // The others go on, and so do loads.
  CHECK(runtime.load(text(2)).ok);
  CHECK(eventually([&] { return runtime.eventually_in("test.sink.s", HealthState::healthy); }));
  CHECK(eventually(
      [&] { return contains(runtime.state("test.trouble.apply")->health.message, "busy since 2"); }));
  CHECK(runtime.state("test.trouble.apply")->run_health.state == HealthState::unhealthy);

  auto start = std::chrono::steady_clock::now();
  auto hung = runtime.controller->stop();
  CHECK(std::chrono::steady_clock::now() - start <= Controller::kStopDeadline);
  std::ranges::sort(hung);
  CHECK(hung == std::vector<std::string>{"test.trouble.apply", "test.trouble.stop"});
  CHECK(stage().hanging() == 2);
  // They come back into a world that has gone.
  runtime.controller.reset();
  stage().take_events();
  stage().release();
  std::size_t ended = 0;
  CHECK(eventually([&] {
    ended += static_cast<std::size_t>(
        std::ranges::count_if(stage().take_events(), [](const auto& e) { return e.starts_with("end "); }));
    return ended == 2;
  }));
  CHECK_FALSE(contains(runtime.metrics.expose(), "weir_test_back"));
  for (const auto& line : runtime.log_lines()) CHECK_FALSE(contains(line, "back again"));
}

TEST_CASE("a state that stays keeps its since, whatever its message says") {
  TestRuntime runtime;
  auto health = [&] { return runtime.state("test.sink.a")->health; };
  CHECK(runtime.load("test.sink \"a\" { value = \"x\" }").ok);
  CHECK(eventually([&] { return health().message == "has x"; }));
  Health before = health();
  CHECK(runtime.load("test.sink \"a\" { value = \"y\" }").ok);
  CHECK(eventually([&] { return health().message == "has y"; }));
  CHECK(health().since == before.since);
  CHECK(health().updated > before.updated);
}

TEST_CASE("a busy component recovers when its task returns") {
  TestRuntime runtime;
  CHECK(runtime.load("test.trouble \"t\" { at = \"timer\" }").ok);
  CHECK(eventually([&] { return contains(runtime.state("test.trouble.t")->health.message, "busy since"); }));
  stage().release();
  CHECK(eventually([&] { return runtime.state("test.trouble.t")->health.message == "back again"; }));
  CHECK(contains(runtime.metrics.expose(), "weir_test_back{component_id=\"test.trouble.t\""));
  CHECK(runtime.controller->stop().empty());
  CHECK_FALSE(contains(runtime.metrics.expose(), "weir_test_back{"));
}

TEST_CASE("a transform that hangs shows it, and does not keep stop from ending") {
  TestRuntime runtime;
  const std::string text =
      "test.source \"a\" { hold = true }\n"
      "test.stuck \"t\" { value = test.source.a.value }\n";
  CHECK(runtime.load(text).ok);
  auto message = [&] { return runtime.state("test.stuck.t")->health.message; };
  SUBCASE("until it comes back") {
    CHECK(eventually([] { return stage().publish("test.source.a", "hang"); }));
    CHECK(eventually([&] { return contains(message(), "busy since 2"); }));
    stage().release();
    CHECK(eventually([&] { return message() == "evaluated"; }));
    CHECK(runtime.controller->stop().empty());
  }
  SUBCASE("at the end") {
    CHECK(eventually([] { return stage().publish("test.source.a", "hang"); }));
    CHECK(eventually([] { return stage().hanging() == 1; }));
    auto start = std::chrono::steady_clock::now();
    CHECK(runtime.controller->stop() == std::vector<std::string>{"test.stuck.t"});
    CHECK(std::chrono::steady_clock::now() - start <= Controller::kStopDeadline);
    runtime.controller.reset();
    stage().take_events();
    stage().release();
    CHECK(eventually([] { return stage().take_events() == std::vector<std::string>{"end test.stuck.t"}; }));
  }
}

// Answers each fetch at once, from another thread, in two pieces.
class TwoPieceFetcher final : public Fetcher {
 public:
  std::unique_ptr<Fetch> fetch(FetchRequest, FetchEvents events) override {
    struct Request final : Fetch {
      std::jthread thread;
    };
    auto request = std::make_unique<Request>();
    request->thread = std::jthread([events = std::move(events)] {
      events.on_data("one");
      events.on_data("two");
      events.on_done(FetchResponse{.status = 204, .headers = {}, .body = ""});
    });
    return request;
  }
};

class OneMount final : public HttpService {
 public:
  Result<> secure(const HttpSecurity&) override { return {}; }
  std::unique_ptr<Mount> mount(std::string_view, HttpHandler handler) override {
    std::lock_guard lock(mutex_);
    handler_ = std::move(handler);
    return std::make_unique<Mount>();
  }
  // The status and the body of the answer; waits for it.
  std::string ask(std::string path) {
    std::promise<std::string> answered;
    HttpHandler handler;
    {
      std::lock_guard lock(mutex_);
      handler = handler_;
    }
    if (!handler) return "";
    handler(
        {.method = "GET", .path = std::move(path), .query = "", .content_type = "", .body = ""},
        [&](HttpAnswer answer) { answered.set_value(std::to_string(answer.status) + " " + answer.body); });
    return answered.get_future().get();
  }

 private:
  std::mutex mutex_;
  HttpHandler handler_;
};

TEST_CASE("timers, descriptors, offloaded work, fetches and requests come to the strand") {
  auto owned = std::make_unique<OneMount>();
  OneMount& http = *owned;
  TestRuntime runtime({}, Watch::off, std::make_unique<TwoPieceFetcher>(), std::move(owned));
  CHECK(runtime.load("test.io \"io\" { }").ok);
  std::vector<std::string> events;
  CHECK(eventually([&] {
    for (auto& event : stage().take_events()) events.push_back(event);
    return events.size() >= 8;
  }));
  std::ranges::sort(events);
  CHECK(events == std::vector<std::string>{"data one", "data two", "done 204", "read a", "read b",
                                           "tick test.io.io", "work done test.io.io", "work io"});
  CHECK(http.ask("/x") == "200 you asked for /x");
  CHECK(runtime.controller->stop().empty());
  CHECK(http.ask("/x") == "503 component is stopped\n");
}

TEST_CASE("stop ends components before what they use, and is idempotent") {
  TestRuntime runtime;
  CHECK(runtime.load("test.source \"a\" { value = \"x\" }\ntest.sink \"b\" { value = test.source.a.value }")
            .ok);
  CHECK(runtime.eventually_in("test.sink.b", HealthState::healthy));
  stage().take_events();
  CHECK(runtime.controller->stop().empty());
  CHECK(stage().take_events() == std::vector<std::string>{"stop test.sink.b", "stop test.source.a"});
  CHECK(runtime.controller->stop().empty());
  LoadResult late = runtime.controller->load("late");
  CHECK_FALSE(late.ok);
  CHECK(late.diagnostics.at(0).message == "weir is stopping");
}

TEST_CASE("a saved config is live: written in place, renamed over, symbolic link swapped") {
  TempDir folder;
  auto source = [](std::string_view value) {
    return "test.source \"a\" { value = \"" + std::string(value) + "\" }\n";
  };
  fs::create_directory(folder.path() / "v1");
  fs::create_directory(folder.path() / "v2");
  folder.write("v1/config.river", source("1"));
  folder.write("v2/config.river", source("2"));
  fs::create_symlink("v1", folder.path() / "..data");
  fs::create_symlink("..data/config.river", folder.path() / "config.river");
  TestRuntime runtime(folder.path() / "config.river", Watch::on);
  CHECK(runtime.controller->load("start").ok);
  CHECK(argument(runtime, "test.source.a") == "\"1\"");

  fs::create_symlink("v2", folder.path() / "..data_tmp");
  fs::rename(folder.path() / "..data_tmp", folder.path() / "..data");
  CHECK(eventually([&] { return argument(runtime, "test.source.a") == "\"2\""; }));
  // The component may have its new argument before the load that brought it is over.
  CHECK(eventually([&] { return runtime.controller->snapshot()->last_load.cause == "file changed"; }));

  folder.write("v2/config.river", source("in place"));
  CHECK(eventually([&] { return argument(runtime, "test.source.a") == "\"in place\""; }));

  folder.write("new", source("renamed"));
  fs::rename(folder.path() / "new", folder.path() / "config.river");
  CHECK(eventually([&] { return argument(runtime, "test.source.a") == "\"renamed\""; }));

  folder.write("config.river", "test.source \"a\" { vaule = 1 }\n");
  CHECK(eventually([&] { return !runtime.controller->snapshot()->last_load.ok; }));
  auto snapshot = runtime.controller->snapshot();
  CHECK(contains(lang::one_line(snapshot->last_load.diagnostics.at(0)), "config.river:1:19: unrecognized"));
  CHECK(snapshot->ready);
  CHECK(argument(runtime, "test.source.a") == "\"renamed\"");
  CHECK(contains(runtime.metrics.expose(), "weir_config_last_load_success 0"));
}

TEST_CASE("a folder is one config of its .river and .alloy files, in order of their paths") {
  TempDir folder;
  folder.write("b.river", "test.sink \"b\" { value = test.source.a.value }\n");
  folder.write("a.alloy", "test.source \"a\" { value = string.join([\"x\", \"y\"], \"-\") }\n");
  folder.write("c.txt", "not a config");
  fs::create_directory(folder.path() / "d.river");
  TestRuntime runtime(folder.path(), Watch::on);
  LoadResult result = runtime.controller->load("start");
  for (const auto& diagnostic : result.diagnostics) MESSAGE(lang::one_line(diagnostic));
  REQUIRE(result.ok);
  auto snapshot = runtime.controller->snapshot();
  REQUIRE(snapshot->nodes.size() == 2);
  CHECK(snapshot->nodes[0]->id == "test.source.a");
  CHECK(snapshot->nodes[1]->references_to == std::vector<std::string>{"test.source.a"});
  CHECK(snapshot->nodes[0]->referenced_by == std::vector<std::string>{"test.sink.b"});
  CHECK(eventually([&] { return argument(runtime, "test.sink.b") == "\"x-y\""; }));

  folder.write("e.river", "test.sink \"e\" { value = \"e\" }\n");
  CHECK(eventually([&] { return argument(runtime, "test.sink.e") == "\"e\""; }));
  fs::remove(folder.path() / "e.river");
  CHECK(eventually([&] { return argument(runtime, "test.sink.e") == "not there"; }));

  folder.write("f.river", "test.sink \"b\" { }\n");
  CHECK(eventually([&] { return !runtime.controller->snapshot()->last_load.ok; }));
  auto refused = runtime.controller->snapshot()->last_load;
  CHECK(contains(lang::one_line(refused.diagnostics.at(0)),
                 "f.river:1:1: block test.sink.b already declared at"));
  CHECK(contains(refused.diagnostics.at(0).message, "b.river:1:1"));
  std::vector<std::string> lines = runtime.log_lines();
  bool in_log = std::ranges::any_of(lines, [](const std::string& line) {
    return contains(line, "f.river:1:1: block test.sink.b already declared at") &&
           contains(line, "b.river:1:1: first declared here");
  });
  CHECK(in_log);
}

TEST_CASE("the logging block is handled live") {
  TestRuntime runtime;
  CHECK(runtime.load("logging { level = \"debug\"\n format = \"json\" }").ok);
  CHECK(runtime.log.enabled(LogLevel::debug));
  CHECK(runtime.log_lines().back().starts_with("{"));
  CHECK(runtime.load("logging { level = \"warn\" }").ok);
  CHECK_FALSE(runtime.log.enabled(LogLevel::info));
  CHECK(runtime.load("").ok);
  CHECK(runtime.log.enabled(LogLevel::info));
  CHECK_FALSE(runtime.log.enabled(LogLevel::debug));
}

TEST_CASE("what cannot be read is an error without a place") {
  TestRuntime runtime;
  LoadResult result = runtime.controller->load("start");
  CHECK_FALSE(result.ok);
  REQUIRE(result.diagnostics.size() == 1);
  CHECK(contains(result.diagnostics[0].message, "no such file or directory"));
  CHECK_FALSE(runtime.controller->snapshot()->ready);
}

TEST_CASE("validate finds what a load would refuse, and makes nothing") {
  TempDir folder;
  stage().reset();
  Registry registry;
  register_test_components(registry);
  auto path = folder.write("x.river", "test.sink \"s\" {\n  number = 0\n  value = test.source.a.value\n}\n");
  auto found = validate(path, registry);
  REQUIRE(found.size() == 2);
  CHECK(contains(lang::one_line(found[0]), "x.river:2:12: \"number\" must be at least 1"));
  CHECK(contains(lang::one_line(found[1]), "x.river:3:11: component \"test.source.a\" does not exist"));
  CHECK(stage().take_events().empty());
}

TEST_CASE("health of all components stands in the metrics") {
  TestRuntime runtime;
  CHECK(
      runtime.load("test.source \"a\" { hold = true }\ntest.sink \"b\" { value = test.source.a.value }").ok);
  CHECK(runtime.eventually_in("test.source.a", HealthState::healthy));
  std::string text = runtime.metrics.expose();
  CHECK(contains(text, "weir_component_controller_running_components{health_type=\"waiting\"} 1"));
  CHECK(contains(text, "weir_component_controller_running_components{health_type=\"healthy\"} 1"));
  CHECK(contains(text, "weir_config_last_load_success 1"));
  CHECK(contains(text, "weir_component_evaluation_seconds_count 2"));
}

}  // namespace
}  // namespace weir::runtime::testing
