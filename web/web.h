// The page and the HTTP API of a running weir, as one handler for net::Server.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/process_times.h"
#include "net/http.h"
#include "runtime/controller.h"

namespace weir::web {

// Everything outlives the handler.
struct WebOptions {
  runtime::Controller* controller = nullptr;
  MetricRegistry* metrics = nullptr;
  const LogHub* log = nullptr;
  const Clock* clock = nullptr;
  std::string version;
  // "/weir": the page and all that it asks for stand below it; "": at the root.
  std::string path_prefix;
  // Knows which arguments are secret; null: the page shows no config.
  const runtime::Registry* registry = nullptr;
  // CPU time of all processes; null: of this machine's.
  std::function<std::vector<ProcessTimes>()> process_times;
  // Requests below /api/v0/component/ID/…; null: all are 404.
  std::function<void(std::string_view component_id, std::string_view rest, const net::Request&, net::Reply)>
      component_handler;
};

// Answers from published snapshots only; never waits for a component.
net::Handler make_handler(WebOptions options);

// What is answered while it is not known who may ask: 503, and to /-/healthy what a probe needs. Outlived by
// the controller.
net::Handler make_closed_handler(const runtime::Controller& controller, std::string path_prefix);

}  // namespace weir::web
