// TestRuntime: a controller over a config in a folder of its own.
#pragma once

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/config_blocks.h"
#include "runtime/controller.h"
#include "tests/runtime/test_components.h"
#include "tests/support/temp_dir.h"

namespace weir::runtime::testing {

using tests::TempDir;

// Looks again and again until it is so; false after the deadline.
inline bool eventually(const std::function<bool()>& condition,
                       std::chrono::milliseconds deadline = std::chrono::seconds(10)) {
  auto end = std::chrono::steady_clock::now() + deadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::usleep(500);
  }
  return true;
}

enum class Watch { off, on };

class TestRuntime {
 public:
  explicit TestRuntime(std::filesystem::path config = {}, Watch watch = Watch::off,
                       std::unique_ptr<Fetcher> fetcher_to_use = nullptr,
                       std::unique_ptr<HttpService> http_to_use = nullptr)
      : fetcher(std::move(fetcher_to_use)), http(std::move(http_to_use)) {
    stage().reset();
    register_config_blocks(registry);
    register_test_components(registry);
    config_path = folder.path() / (config.empty() ? "config.river" : config);
    Environment environment{.registry = &registry,
                            .log = &log,
                            .metrics = &metrics,
                            .clock = &system_clock(),
                            .fetcher = fetcher.get(),
                            .http = http.get(),
                            .storage_path = folder.path() / "data",
                            .env = [](std::string_view name) { return "env:" + std::string(name); }};
    controller =
        Controller::create(environment, {.config_path = config_path, .watch_file = watch == Watch::on});
  }

  LoadResult load(std::string_view text) {
    std::ofstream(config_path) << text;
    return controller->load("test");
  }
  std::shared_ptr<const NodeState> state(std::string_view id) const {
    const Node* node = controller->snapshot()->find(id);
    return node ? node->state() : nullptr;
  }
  bool eventually_in(std::string_view id, HealthState health) const {
    return eventually([&] {
      auto now = state(id);
      return now && now->health.state == health;
    });
  }
  std::vector<std::string> log_lines() const {
    std::lock_guard lock(lines_mutex);
    return lines;
  }

  TempDir folder;
  Registry registry;
  mutable std::mutex lines_mutex;
  std::vector<std::string> lines;
  LogHub log{[this](std::string_view line) {
    std::lock_guard lock(lines_mutex);
    lines.emplace_back(line);
  }};
  MetricRegistry metrics;
  std::unique_ptr<Fetcher> fetcher;
  std::unique_ptr<HttpService> http;
  std::filesystem::path config_path;
  std::unique_ptr<Controller> controller;
};

}  // namespace weir::runtime::testing
