#include "components/discovery/process.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "components/discovery/container_label.h"
#include "components/wording.h"

namespace weir::discovery {
namespace {

// Without news: listing /proc costs some 50 µs for a hundred processes, so it is done often; only what is
// new is read.
constexpr Duration kQuickLook = std::chrono::seconds(2);

// With news: a new program is looked at when it is heard of. Where they come all the time, the rest between
// two looks is so many times what a look takes.
constexpr int kRestPerLook = 50;
constexpr Duration kShortestRest = std::chrono::milliseconds(50);
constexpr Duration kLongestRest = std::chrono::seconds(1);
// A process that was forked mostly runs another program at once: that is the news.
constexpr Duration kForkWaits = std::chrono::milliseconds(100);
// The last samples of a process that ended belong to its target still.
constexpr Duration kEndWaits = std::chrono::seconds(1);
// Between two readings of news that can wait; the second when most are of threads.
constexpr Duration kShortestPause = std::chrono::milliseconds(10);
constexpr Duration kLongestPause = std::chrono::milliseconds(50);

TargetPtr merged(const Target& process, const Target& container) {
  std::vector<Target::Label> labels;
  labels.reserve(process.size() + container.size());
  for (const auto& label : process.labels()) labels.emplace_back(label);
  for (const auto& label : container.labels()) labels.emplace_back(label);
  return Target::make(std::move(labels));
}

bool same_targets(const FoundProcesses& a, const FoundProcesses& b) {
  // One that did not change is the same object.
  return std::ranges::equal(a, b, [](const auto& one, const auto& other) {
    return one.first == other.first && one.second.target == other.second.target &&
           one.second.error == other.second.error;
  });
}

}  // namespace

Targets join_containers(const FoundProcesses& processes, const Targets& join) {
  std::vector<TargetPtr> out, containers;
  std::unordered_map<std::string_view, const Target*> by_id;  // the last one of an id stands
  for (const auto& target : join) {
    std::string_view id = container_id_of(*target);
    if (id.empty()) {
      out.push_back(target);
    } else {
      by_id[id] = target.get();
    }
  }
  for (const auto& target : join) {
    auto it = by_id.find(container_id_of(*target));
    if (it != by_id.end() && it->second == target.get()) containers.push_back(target);
  }
  for (const auto& [pid, process] : processes) {
    if (!process.target) continue;
    auto it = by_id.find(process.target->get(kContainerIdLabel));
    out.push_back(it == by_id.end() ? process.target : merged(*process.target, *it->second));
  }
  out.insert(out.end(), containers.begin(), containers.end());
  return {TargetList::make(std::move(out))};
}

struct Process::Scan {
  MonoTime begin;
  Result<FoundProcesses> found;
  ScanDepth depth;
};

void Process::start() {
  open_news();
  scan(ScanDepth::everything);
}

void Process::apply(Arguments args) {
  bool facts_changed = args.discover_config != args_.discover_config;
  args_ = std::move(args);
  if (facts_changed) {
    found_ = std::make_shared<FoundProcesses>();
    again_ = scanning_;
    scan(ScanDepth::everything);
    return;
  }
  publish();
  if (!scanning_) schedule();
}

void Process::stop() {
  timer_.reset();
  news_watch_.reset();
  news_source_.reset();
}

void Process::open_news() {
  if (news_source_) {
    auto followed = news_source_->follow_cpus();
    if (!followed)
      ctx_.log().warn("what begins on a new CPU is found by refreshes only",
                      {{"err", followed.error().message}});
    return;
  }
  auto opened = open_news_();
  if (!opened) {
    news_error_ = std::move(opened.error().message);
    return;
  }
  news_error_.clear();
  news_source_ = std::move(*opened);
  watch_news();
}

void Process::watch_news() {
  news_watch_ = ctx_.on_readable(news_source_->readable_fd(), [this] { hear_news(news_source_->take()); });
  // What came before does not wake a watch.
  if (ProcessNews missed = news_source_->take(); missed.any()) hear_news(std::move(missed));
}

void Process::hear_news(ProcessNews heard) {
  bool first = !news_.any();
  pause_ = heard.any() ? kShortestPause : std::clamp(pause_ * 2, kShortestPause, kLongestPause);
  news_.add(std::move(heard));
  if (first) news_since_ = ctx_.clock().mono();
  // A look that is due hears of all that came before it.
  news_watch_ = news_.programs.empty() ? ctx_.after(pause_, [this] { watch_news(); }) : nullptr;
  if (news_.any() && !scanning_) schedule();
}

MonoTime Process::news_due() const {
  if (!news_.programs.empty()) return rest_until_;
  return std::max(rest_until_, news_since_ + (news_.began ? kForkWaits : kEndWaits));
}

void Process::scan(ScanDepth depth) {
  timer_.reset();
  if (scanning_) return;
  scanning_ = true;
  if (news_source_) news_.add(news_source_->take());
  ProcessNews news = std::exchange(news_, {});
  if (news.lost) depth = ScanDepth::everything;
  if (depth == ScanDepth::everything) full_scan_at_ = ctx_.clock().mono() + args_.refresh_interval;
  auto result = std::make_shared<Scan>(Scan{ctx_.clock().mono(), FoundProcesses(), depth});
  ScanRequest request{.proc = proc_,
                      .facts = args_.discover_config,
                      .depth = depth,
                      .programs = std::move(news.programs),
                      .reads = reads_};
  ctx_.offload([result, request = std::move(request),
                before = found_] { result->found = scan_processes(request, *before); },
               [this, result] { finish(*result); });
}

void Process::finish(Scan& scan) {
  scanning_ = false;
  if (std::exchange(again_, false)) return this->scan(ScanDepth::everything);
  if (scan.found) {
    bool changed = !same_targets(*scan.found, *found_);
    found_ = std::make_shared<FoundProcesses>(*std::move(scan.found));
    if (changed || failed_ || scan.depth == ScanDepth::everything) publish();
    failed_ = false;
  } else {
    failed_ = true;
    ctx_.set_health(runtime::HealthState::unhealthy,
                    fmt::format("{}; weir tries again in {}", scan.found.error().message,
                                format_duration(std::min(kQuickLook, args_.refresh_interval))));
  }
  MonoTime now = ctx_.clock().mono();
  rest_until_ = now + std::clamp((now - scan.begin) * kRestPerLook, kShortestRest, kLongestRest);
  if (news_source_ && !news_watch_) watch_news();
  schedule();
}

void Process::publish() {
  ctx_.publish(TargetExports{join_containers(*found_, args_.join)});
  DebugInfo info;
  for (const auto& [pid, process] : *found_) {
    if (process.target) ++info.processes;
    if (!process.target && process.error.empty()) ++info.left_out;
    if (process.error.empty()) continue;
    ++info.unreadable;
    info.example = process.error;
  }
  std::string message = count_text(info.processes, "process") +
                        left_out_text(info.left_out, "process", "kernel threads, or gone meanwhile");
  if (args_.join.size() > 0)
    message += fmt::format("; joined with {}", count_text(args_.join.size(), "target"));
  if (info.unreadable > 0) {
    message += fmt::format("; {} could not be read ({}){}", info.unreadable, info.example,
                           ::geteuid() == 0 ? "" : ": run weir as root to see them");
  }
  info.news = news_source_ ? "events" : news_error_;
  if (!news_source_) message += fmt::format("; new ones are found within 2 s, because {}", news_error_);
  ctx_.publish_debug_info(info);
  ctx_.set_health(runtime::HealthState::healthy, std::move(message));
}

void Process::schedule() {
  MonoTime now = ctx_.clock().mono();
  MonoTime due = full_scan_at_;
  if (news_.any()) due = std::min(due, news_due());
  if (!news_source_ && full_scan_at_ > now + kQuickLook) due = now + kQuickLook;
  Duration wait = std::clamp(due - now, Duration::zero(), args_.refresh_interval);
  bool full = due == full_scan_at_;
  timer_ = ctx_.after(wait, [this, full] {
    if (full) open_news();
    scan(full ? ScanDepth::everything : ScanDepth::news);
  });
}

}  // namespace weir::discovery

template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Process>();
