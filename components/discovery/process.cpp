#include "components/discovery/process.h"

#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "components/discovery/container_label.h"
#include "components/wording.h"

namespace weir::discovery {
namespace {

// Listing /proc costs some 50 µs for a hundred processes, so it is done often;
// only what is new is read.
constexpr Duration kQuickLook = std::chrono::seconds(2);

TargetPtr merged(const Target& process, const Target& container) {
  std::vector<Target::Label> labels = process.labels();
  labels.insert(labels.end(), container.labels().begin(), container.labels().end());
  return Target::make(std::move(labels));
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
  Result<FoundProcesses> found;
  ScanDepth depth;
};

void Process::start() {
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
}

void Process::scan(ScanDepth depth) {
  timer_.reset();
  if (scanning_) return;
  scanning_ = true;
  if (depth == ScanDepth::everything) full_scan_at_ = ctx_.clock().mono() + args_.refresh_interval;
  auto result = std::make_shared<Scan>(Scan{FoundProcesses(), depth});
  ctx_.offload([result, proc = proc_, facts = args_.discover_config, before = found_,
                depth] { result->found = scan_processes(proc, facts, *before, depth); },
               [this, result] { finish(*result); });
}

void Process::finish(Scan& scan) {
  scanning_ = false;
  if (std::exchange(again_, false)) return this->scan(ScanDepth::everything);
  if (scan.found) {
    found_ = std::make_shared<FoundProcesses>(*std::move(scan.found));
    publish();
  } else {
    ctx_.set_health(runtime::HealthState::unhealthy,
                    fmt::format("{}; weir tries again in {}", scan.found.error().message,
                                format_duration(std::min(kQuickLook, args_.refresh_interval))));
  }
  schedule();
}

void Process::publish() {
  ctx_.publish(TargetExports{join_containers(*found_, args_.join)});
  DebugInfo info;
  for (const auto& [pid, process] : *found_) {
    if (process.target) {
      ++info.processes;
    } else if (process.error.empty()) {
      ++info.left_out;
    } else {
      ++info.unreadable;
      info.example = process.error;
    }
  }
  std::string message = count_text(info.processes, "process");
  if (info.unreadable > 0) {
    message += fmt::format(", {} could not be read ({}){}", info.unreadable, info.example,
                           ::geteuid() == 0 ? "" : ": run weir as root to see them");
  }
  ctx_.publish_debug_info(info);
  ctx_.set_health(runtime::HealthState::healthy, std::move(message));
}

void Process::schedule() {
  Duration to_full = full_scan_at_ - ctx_.clock().mono();
  bool full = to_full <= kQuickLook;
  Duration wait = std::clamp(full ? to_full : kQuickLook, Duration::zero(), args_.refresh_interval);
  timer_ = ctx_.after(wait, [this, full] { scan(full ? ScanDepth::everything : ScanDepth::news); });
}

}  // namespace weir::discovery

template weir::runtime::ComponentType weir::runtime::component_type<weir::discovery::Process>();
