#include "web/process_meter.h"

#include <algorithm>
#include <utility>

namespace weir::web {
namespace {

constexpr Duration kWindow = std::chrono::seconds(10);
// Older readings are of another time that somebody looked.
constexpr Duration kOldest = std::chrono::minutes(1);
// However many ask: one that is so young is good enough.
constexpr Duration kFresh = std::chrono::milliseconds(500);

double percent(Duration cpu, Duration of) {
  if (of <= Duration::zero()) return 0;
  return 100 * static_cast<double>(cpu.count()) / static_cast<double>(of.count());
}

}  // namespace

ProcessMeter::ProcessMeter(Read read)
    : read_(read ? std::move(read) : [] { return weir::process_times(); }) {}

double ProcessMeter::percent_of(const ProcessTimes& times, Duration boot) const {
  if (use_.window == Duration::zero()) return percent(times.cpu, boot - times.start);
  auto found = before_.by_pid.find(times.pid);
  bool is_known = found != before_.by_pid.end() && found->second.start == times.start;
  return percent(is_known ? times.cpu - found->second.cpu : times.cpu, use_.window);
}

const ProcessUse& ProcessMeter::measure(MonoTime now) {
  if (!use_.processes.empty() && now - read_at_ < kFresh) return use_;
  read_at_ = now;
  Reading latest{.at = now, .by_pid = {}};
  std::vector<ProcessTimes> all = read_();
  for (const auto& times : all) latest.by_pid.emplace(times.pid, times);
  if (now - next_.at >= kWindow) before_ = std::exchange(next_, std::move(latest));
  bool has_before = !before_.by_pid.empty() && now - before_.at <= kOldest;
  // Until a whole window is over, a part of one.
  const Reading& since = has_before ? before_ : next_;
  if (!has_before) before_ = since;
  use_.window = now - before_.at;
  use_.processes.clear();
  Duration boot = since_boot();
  for (auto& times : all) {
    double used = percent_of(times, boot);
    use_.processes.push_back({.times = std::move(times), .percent = used});
  }
  return use_;
}

}  // namespace weir::web
