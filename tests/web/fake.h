// A weir of made-up parts: a controller that publishes what a test gives it,
// and a store that keeps its profiles in memory.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "lang/source.h"
#include "profile/collection.h"
#include "profile/process_report.h"
#include "runtime/controller.h"
#include "store/merge.h"
#include "store/store.h"
#include "web/web.h"

namespace weir::web::testing {

class FakeController final : public runtime::Controller {
 public:
  runtime::LoadResult load(std::string_view cause) override {
    causes.emplace_back(cause);
    return next_load;
  }
  void load_async(std::string cause, std::function<void(const runtime::LoadResult&)> done) override {
    done(load(cause));
  }
  std::shared_ptr<const runtime::Snapshot> snapshot() const override {
    std::lock_guard lock(mutex_);
    return snapshot_;
  }
  std::vector<std::string> stop() override { return {}; }

  void publish(runtime::Snapshot snapshot) {
    std::lock_guard lock(mutex_);
    snapshot.revisions = revisions;
    snapshot_ = std::make_shared<const runtime::Snapshot>(std::move(snapshot));
    if (revisions) ++revisions->loads;
  }

  std::shared_ptr<runtime::Revisions> revisions;  // null: nobody counts what changes
  runtime::LoadResult next_load;
  std::vector<std::string> causes;

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const runtime::Snapshot> snapshot_ = std::make_shared<const runtime::Snapshot>();
};

class FakeClock final : public Clock {
 public:
  WallTime wall() const override { return now; }
  MonoTime mono() const override { return MonoTime(now.time_since_epoch()); }

  WallTime now{std::chrono::seconds(1'800'000'000)};
};

// Keeps profiles in memory; every question reads all of them.
class MemoryStore : public store::Querier {
 public:
  void add(profile::Profile profile) {
    std::lock_guard lock(mutex_);
    profiles_.push_back(std::make_shared<const profile::Profile>(std::move(profile)));
  }

  std::vector<store::ServiceSummary> services(store::TimeRange range) const override {
    std::map<std::pair<std::string, std::string>, store::ServiceSummary> found;
    for (const auto& p : in(range)) {
      auto& summary = found[{std::string(p->labels.get("service_name")), type_of(*p)}];
      if (summary.profiles++ == 0) summary.first = p->start;
      summary.last = p->start;
      summary.unit = p->type.sample_unit;
      summary.total += p->total();
      for (const auto& sample : p->samples) summary.samples += static_cast<std::uint64_t>(sample.count);
    }
    std::vector<store::ServiceSummary> all;
    for (auto& [key, summary] : found) {
      std::tie(summary.service, summary.profile_type) = key;
      all.push_back(summary);
    }
    std::ranges::sort(all, std::greater<>(), &store::ServiceSummary::total);
    return all;
  }

  Result<profile::FlameTree> flame(const store::Selection& selection, std::size_t max_nodes) const override {
    profile::FlameTree tree;
    for (const auto& p : selected(selection)) tree.add(*p);
    tree.finish(max_nodes);
    return tree;
  }

  std::vector<store::SeriesPoint> series(const store::Selection& selection, Duration step) const override {
    std::map<WallTime, std::int64_t> sums;
    auto width = std::chrono::duration_cast<WallTime::duration>(step);
    for (const auto& p : selected(selection)) {
      sums[WallTime(p->start.time_since_epoch() / width * width)] += p->total();
    }
    std::vector<store::SeriesPoint> points;
    for (const auto& [time, value] : sums) points.push_back({time, value});
    return points;
  }

  std::vector<store::LabelShare> breakdown(const store::Selection& selection,
                                           const std::string& label) const override {
    std::map<std::string, store::LabelShare> shares;
    for (const auto& p : selected(selection)) {
      auto& share = shares[std::string(p->labels.get(label))];
      share.value = p->labels.get(label);
      share.total += p->total();
      ++share.profiles;
    }
    std::vector<store::LabelShare> all;
    for (const auto& [value, share] : shares) all.push_back(share);
    return all;
  }

  Result<profile::Profile> merge(const store::Selection& selection) const override {
    store::Merger merger;
    for (const auto& p : selected(selection)) merger.add(*p);
    return merger.take();
  }

  std::uint64_t revision() const override {
    std::lock_guard lock(mutex_);
    return profiles_.size();
  }

 private:
  static std::string type_of(const profile::Profile& p) {
    bool is_usual = p.type.sample_type == "cpu" || p.type.sample_type == p.type.name;
    return is_usual ? p.type.name : p.type.name + ":" + p.type.sample_type;
  }
  std::vector<profile::ProfilePtr> in(store::TimeRange range) const {
    std::lock_guard lock(mutex_);
    std::vector<profile::ProfilePtr> found;
    for (const auto& p : profiles_) {
      if (p->start >= range.from && p->start < range.until) found.push_back(p);
    }
    return found;
  }
  std::vector<profile::ProfilePtr> selected(const store::Selection& selection) const {
    auto found = in(selection.range);
    const std::string type = selection.profile_type.empty() ? "process_cpu" : selection.profile_type;
    std::erase_if(found, [&](const auto& p) {
      return type_of(*p) != type ||
             (!selection.service.empty() && p->labels.get("service_name") != selection.service) ||
             std::ranges::any_of(selection.labels,
                                 [&](const auto& pair) { return p->labels.get(pair.first) != pair.second; });
    });
    return found;
  }

  mutable std::mutex mutex_;
  std::vector<profile::ProfilePtr> profiles_;
};

class FakeReport final : public profile::CollectionReport {
 public:
  explicit FakeReport(profile::CollectionStats stats) : stats_(std::move(stats)) {}
  profile::CollectionStats stats() const override { return stats_; }

 private:
  profile::CollectionStats stats_;
};

// Takes the processes that `services` names.
class FakeProcesses final : public profile::ProcessReport {
 public:
  std::vector<profile::CollectedProcess> collected;
  std::map<std::uint32_t, std::string> services;
  std::map<std::string, std::string> container_services;
  std::map<std::uint32_t, std::string> containers;

  const std::vector<profile::CollectedProcess>& processes() const override { return collected; }
  std::optional<std::string> service_of(std::uint32_t pid, std::string_view container) const override {
    if (auto found = services.find(pid); found != services.end()) return found->second;
    auto found = container_services.find(std::string(container));
    return found == container_services.end() ? std::nullopt : std::optional(found->second);
  }
  std::string container_of(std::uint32_t pid) const override {
    auto found = containers.find(pid);
    return found == containers.end() ? "" : found->second;
  }
};

inline std::shared_ptr<runtime::Node> make_node(std::string id,
                                                const runtime::ComponentType* type = nullptr) {
  auto node = std::make_shared<runtime::Node>();
  std::size_t slash = id.rfind('/');
  node->module_id = slash == std::string::npos ? "" : id.substr(0, slash);
  node->local_id = slash == std::string::npos ? id : id.substr(slash + 1);
  node->label = node->local_id.substr(node->local_id.rfind('.') + 1);
  node->id = std::move(id);
  node->type = type;
  if (type != nullptr) node->name = type->name;
  return node;
}

}  // namespace weir::web::testing
