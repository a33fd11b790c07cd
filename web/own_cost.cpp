#include "web/own_cost.h"

#include "base/own_usage.h"
#include "base/seconds.h"

namespace weir::web {
namespace {

constexpr Duration kWindow = std::chrono::seconds(10);

Duration process_cpu() {
  return own_cpu_time().all();
}

}  // namespace

CostMeter::CostMeter(MonoTime now, ReadCpu read_cpu) : read_cpu_(read_cpu ? read_cpu : process_cpu) {
  readings_.push_back({now, read_cpu_()});
}

OwnCost CostMeter::measure(MonoTime now) {
  Reading latest{now, read_cpu_()};
  // The oldest reading kept is the last one that is a whole window old.
  while (readings_.size() > 1 && now - readings_[1].at >= kWindow) readings_.pop_front();
  const Reading& first = readings_.front();
  OwnCost cost;
  cost.cpu_seconds = in_seconds(latest.cpu);
  cost.window = latest.at - first.at;
  if (cost.window > Duration::zero()) {
    cost.cpu_percent = 100 * in_seconds(latest.cpu - first.cpu) / in_seconds(cost.window);
  }
  cost.rss_bytes = own_resident_bytes();
  // At most some readings a second are kept, however often this is asked.
  if (now - readings_.back().at >= kWindow / 20) readings_.push_back(latest);
  return cost;
}

}  // namespace weir::web
