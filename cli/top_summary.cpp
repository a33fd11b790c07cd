#include "cli/top_summary.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>
#include <unordered_map>

#include "profile/functions.h"

namespace weir::cli {
namespace {

using profile::Profile;

std::uint32_t pid_of(const Profile& profile, const profile::Sample& sample) {
  if (sample.labels == profile::kNoLabels) return 0;
  std::string_view text = profile.sample_labels[sample.labels].get("pid");
  std::uint32_t pid = 0;
  std::from_chars(text.data(), text.data() + text.size(), pid);
  return pid;
}

// What somebody used, and which functions of theirs.
struct Usage {
  std::int64_t value = 0;
  std::unordered_map<std::uint32_t, std::int64_t> leaves;  // by symbol

  void add(std::int64_t more, std::uint32_t leaf) {
    value += more;
    leaves[leaf] += more;
  }
};

constexpr std::uint32_t kNoLeaf = ~std::uint32_t{0};

class Summarizer {
 public:
  explicit Summarizer(const TopInterval& interval) : interval_(interval) {
    for (const auto& process : interval.processes) processes_[process.pid] = &process;
  }
  TopSummary summarize();

 private:
  void add(const Profile& profile);
  double cpus(std::int64_t value) const;
  std::string busiest(const Usage& usage) const;
  std::vector<TopRow> process_rows() const;
  std::vector<TopRow> function_rows() const;
  std::vector<TopRow> container_rows() const;

  const TopInterval& interval_;
  std::map<std::uint32_t, const profiler::ProcessInfo*> processes_;
  profile::FunctionTable functions_;
  std::map<std::uint32_t, Usage> by_pid_;
  std::uint64_t samples_ = 0;
};

void Summarizer::add(const Profile& profile) {
  functions_.add(profile);
  for (const profile::Sample& sample : profile.samples) {
    const auto& frames = profile.stacks[sample.stack].frames;
    std::uint32_t leaf = frames.empty() ? kNoLeaf : functions_.paths().of(frames.front()).back();
    by_pid_[pid_of(profile, sample)].add(sample.value, leaf);
    samples_ += static_cast<std::uint64_t>(std::max<std::int64_t>(sample.count, 0));
  }
}

double Summarizer::cpus(std::int64_t value) const {
  auto length = static_cast<double>(std::max<std::int64_t>(interval_.length.count(), 1));
  return static_cast<double>(value) / length;
}

std::string Summarizer::busiest(const Usage& usage) const {
  auto most = std::ranges::max_element(usage.leaves, {}, [](const auto& leaf) {
    return std::pair(leaf.second, ~leaf.first);  // of equals always the same
  });
  if (most == usage.leaves.end() || most->first == kNoLeaf) return "";
  return functions_.symbols()[most->first].name;
}

std::vector<TopRow> Summarizer::process_rows() const {
  std::vector<TopRow> rows;
  for (const auto& [pid, usage] : by_pid_) {
    auto known = processes_.find(pid);
    TopRow row{.cpu = cpus(usage.value), .pid = pid, .busiest = busiest(usage)};
    if (known != processes_.end()) {
      row.name = known->second->comm;
      row.detail = known->second->container_id;
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<TopRow> Summarizer::function_rows() const {
  std::vector<TopRow> rows;
  for (std::size_t i = 0; i < functions_.totals().size(); ++i) {
    const auto& totals = functions_.totals()[i];
    const auto& symbol = functions_.symbols()[i];
    rows.push_back({.cpu = cpus(totals.self),
                    .total = cpus(totals.total),
                    .name = symbol.name,
                    .detail = symbol.module});
  }
  return rows;
}

std::vector<TopRow> Summarizer::container_rows() const {
  struct Container {
    Usage usage;
    std::size_t processes = 0;
  };
  std::map<std::string, Container> containers;
  for (const auto& [pid, usage] : by_pid_) {
    auto known = processes_.find(pid);
    Container& container = containers[known == processes_.end() ? "" : known->second->container_id];
    ++container.processes;
    container.usage.value += usage.value;
    for (const auto& [leaf, value] : usage.leaves) container.usage.leaves[leaf] += value;
  }
  std::vector<TopRow> rows;
  for (const auto& [id, container] : containers) {
    rows.push_back({.cpu = cpus(container.usage.value),
                    .processes = container.processes,
                    .name = id.empty() ? "(in no container)" : id.substr(0, 12),
                    .busiest = busiest(container.usage)});
  }
  return rows;
}

TopSummary Summarizer::summarize() {
  for (const auto& profile : interval_.profiles) add(*profile);
  TopSummary summary{.time = interval_.time,
                     .length = interval_.length,
                     .samples = samples_,
                     .lost = interval_.lost,
                     .cpus = interval_.cpus,
                     .cpu = cpus(functions_.total())};
  summary.rows = {process_rows(), function_rows(), container_rows()};
  for (auto& rows : summary.rows) {
    std::ranges::sort(rows, [](const TopRow& a, const TopRow& b) {
      return std::tuple(-a.cpu, -a.total, std::string_view(a.name), a.pid) <
             std::tuple(-b.cpu, -b.total, std::string_view(b.name), b.pid);
    });
  }
  return summary;
}

}  // namespace

TopSummary summarize(const TopInterval& interval) {
  return Summarizer(interval).summarize();
}

}  // namespace weir::cli
