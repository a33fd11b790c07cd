// Controller: owns the graph. One thread of its own evaluates waves and
// reloads; components run on the worker pool; everyone else reads snapshots.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "runtime/component.h"
#include "runtime/fetcher.h"
#include "runtime/http_service.h"
#include "runtime/snapshot.h"

namespace weir::runtime {

// What the runtime needs from outside; all of it outlives the controller.
struct Environment {
  const Registry* registry = nullptr;
  LogHub* log = nullptr;
  MetricRegistry* metrics = nullptr;
  const Clock* clock = nullptr;
  Fetcher* fetcher = nullptr;
  HttpService* http = nullptr;
  std::filesystem::path storage_path;
  std::function<std::string(std::string_view)> env;  // environment variables
  // Told of each config that is taken, before its components start: whether it has an `http` block.
  std::function<void(bool has_http_block)> on_config = {};
  // Set: a rehearsal. Components are made and never started; this is what one exports (nullopt: nothing).
  std::function<std::optional<lang::Value>(std::string_view id, const ComponentType& type)>
      rehearsed_exports = {};
  // In a rehearsal: the one component that is started all the same, and finds out what it exports.
  std::string started_id = {};
};

class Controller {
 public:
  struct Options {
    std::filesystem::path config_path;  // a file, or a folder of .river and .alloy files
    bool watch_file = true;
    // A config that uses what is less stable is refused.
    Stability least_stability = Stability::experimental;
  };

  static std::unique_ptr<Controller> create(Environment environment, Options options);
  // Stops every component: at most kStopDeadline, whatever a component does.
  virtual ~Controller() = default;

  static constexpr Duration kStopDeadline = std::chrono::seconds(5);

  // The first load and every later one. Waits until it is decided (not until components work).
  virtual LoadResult load(std::string_view cause) = 0;
  // The same without waiting; `done` runs on the controller's thread.
  virtual void load_async(std::string cause, std::function<void(const LoadResult&)> done) = 0;

  virtual std::shared_ptr<const Snapshot> snapshot() const = 0;

  // Ends all components in the reverse order of the graph; returns within the deadline. Returns the
  // ids of those that did not stop in time.
  virtual std::vector<std::string> stop() = 0;
};

// Checks a config without running it: everything a load would refuse, and warnings about what is likely not
// meant. `path` as above; nothing outside the config files is touched, and what reads the environment is
// checked as far as its type.
lang::Diagnostics validate(const std::filesystem::path& path, const Registry& registry,
                           Stability least_stability = Stability::experimental);

}  // namespace weir::runtime
