// At the edges of a load and of the end: what hangs, what is saved at the wrong moment, what is no config.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <future>

#include "runtime/controller.h"
#include "tests/runtime/test_runtime.h"

namespace weir::runtime::testing {
namespace {

namespace fs = std::filesystem;

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_CASE("what is saved while the first load runs is live too") {
  TestRuntime runtime({}, Watch::on);
  std::ofstream(runtime.config_path) << "test.stuck \"t\" { value = \"hang\" }\n";
  runtime.controller->load_async("start", nullptr);
  CHECK(eventually([] { return stage().hanging() == 1; }));
  std::ofstream(runtime.config_path) << "test.source \"a\" { value = \"new\" }\n";
  stage().release();
  CHECK(runtime.eventually_in("test.source.a", HealthState::healthy));
}

TEST_CASE("who waits for a load that never comes is told at the end") {
  TestRuntime runtime;
  std::ofstream(runtime.config_path) << "test.stuck \"t\" { value = \"hang\" }\n";
  runtime.controller->load_async("start", nullptr);
  CHECK(eventually([] { return stage().hanging() == 1; }));
  auto waiting = std::async(std::launch::async, [&] { return runtime.controller->load("late"); });
  CHECK(runtime.controller->stop() == std::vector<std::string>{"test.stuck.t"});
  CHECK(waiting.get().diagnostics.at(0).message == "weir is stopping");
  runtime.controller.reset();
  stage().release();
  CHECK(eventually([] { return stage().hanging() == 0; }));
}

TEST_CASE("work beside the strand that never returns is named at the end") {
  TestRuntime runtime;
  CHECK(runtime.load("test.trouble \"t\" { at = \"work\" }\ntest.io \"io\" { }").ok);
  CHECK(eventually([] { return stage().hanging() == 1; }));
  // Others get their work done.
  std::vector<std::string> events;
  CHECK(eventually([&] {
    for (auto& event : stage().take_events()) events.push_back(event);
    return std::ranges::find(events, "work done test.io.io") != events.end();
  }));
  auto start = std::chrono::steady_clock::now();
  CHECK(runtime.controller->stop() == std::vector<std::string>{"test.trouble.t"});
  CHECK(std::chrono::steady_clock::now() - start <= Controller::kStopDeadline);
  stage().release();
  CHECK(eventually([] { return stage().hanging() == 0; }));
}

TEST_CASE("what is removed ends although one that uses it hangs") {
  TestRuntime runtime;
  CHECK(runtime
            .load("test.source \"a\" { value = \"stop\" }\n"
                  "test.trouble \"t\" {\n how = \"hang\"\n at = test.source.a.value\n}\n")
            .ok);
  CHECK(runtime.eventually_in("test.trouble.t", HealthState::healthy));
  CHECK(runtime.load("").ok);
  std::vector<std::string> events;
  CHECK(eventually([&] {
    for (auto& event : stage().take_events()) events.push_back(event);
    return std::ranges::find(events, "stop test.source.a") != events.end();
  }));
  CHECK(stage().hanging() == 1);
  stage().release();
  CHECK(runtime.controller->stop().empty());
}

TEST_CASE("of a folder only regular files are read") {
  TempDir folder;
  Registry registry;
  register_test_components(registry);
  REQUIRE(::mkfifo((folder.path() / "pipe.river").c_str(), 0600) == 0);
  auto found = validate(folder.path(), registry);
  REQUIRE(found.size() == 1);
  CHECK(found[0].severity == lang::Severity::warning);
  CHECK(contains(found[0].message, "there is no .river or .alloy file in "));
  fs::create_symlink("real", folder.path() / "link.river");
  folder.write("real", "test.sauce \"a\" { }\n");
  CHECK(contains(validate(folder.path(), registry).at(0).message, "test.sauce"));
}

}  // namespace
}  // namespace weir::runtime::testing
