#include "cli/own_metrics.h"

#include <chrono>
#include <string>

#include "base/clock.h"
#include "base/own_usage.h"
#include "base/seconds.h"
#include "cli/commands.h"

namespace weir::cli {

void add_own_metrics(MetricRegistry& metrics) {
  using namespace own_metric;
  metrics.gauge(kBuildInfo.name, kBuildInfo.help, {{std::string(kBuildInfo.label), std::string(version())}})
      ->set(1);
  metrics.counter_callback(kCpu.name, kCpu.help, {}, [] { return in_seconds(own_cpu_time().all()); });
  metrics.gauge_callback(kMemory.name, kMemory.help, {},
                         [] { return static_cast<double>(own_resident_bytes()); });
  metrics.gauge(kStart.name, kStart.help)->set(in_seconds(system_clock().wall().time_since_epoch()));
}

}  // namespace weir::cli
