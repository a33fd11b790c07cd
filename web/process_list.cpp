#include "web/process_list.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/number.h"
#include "base/seconds.h"
#include "profile/process_report.h"
#include "runtime/found_targets.h"
#include "web/wanted_targets.h"

namespace weir::web {
namespace {

using profile::CollectedProcess;

// Of its frames; a stripped library in between is no reason to worry.
constexpr double kWellNamed = 0.9;

std::optional<std::uint32_t> number_in(const std::optional<lang::Value>& value) {
  const std::string* text = value ? value->as_string() : nullptr;
  return text ? whole_number<std::uint32_t>(*text) : std::nullopt;
}

class Lister {
 public:
  explicit Lister(const runtime::Snapshot& snapshot)
      : snapshot_(snapshot), reports_(snapshot.services<profile::ProcessReport>()) {}

  std::vector<ProcessRow> list(const ProcessUse& use) {
    for (const auto& [node, report] : reports_) {
      for (const auto& process : report->processes()) remember(*node, process);
    }
    for (const auto& process : use.processes) {
      if (process.times.cpu > Duration::zero() || sampled_.contains(process.times.pid)) add(process);
    }
    for (const auto& [pid, sampled] : sampled_) add_exited(sampled);
    for (const auto& sampled : exited_) add_exited(sampled);
    find_who_found();
    return std::move(rows_);
  }

 private:
  struct Sampled {
    const runtime::Node* node = nullptr;
    const CollectedProcess* process = nullptr;
  };

  // Of collectors that take the same process, the one that has seen most of it.
  void remember(const runtime::Node& node, const CollectedProcess& process) {
    Sampled sampled{.node = &node, .process = &process};
    if (process.exited) {
      exited_.push_back(sampled);
      return;
    }
    auto [at, is_new] = sampled_.try_emplace(process.pid, sampled);
    if (!is_new && process.samples > at->second.process->samples) at->second = sampled;
  }

  void add(const UsedProcess& used) {
    ProcessRow row{.pid = used.times.pid,
                   .comm = used.times.comm,
                   .cpu_percent = used.percent,
                   .cpu_seconds = in_seconds(used.times.cpu)};
    auto sampled = sampled_.extract(used.times.pid);
    if (!sampled.empty()) fill(row, sampled.mapped());
    if (row.service.empty()) look_for_target(row);
    rows_.push_back(std::move(row));
  }

  void add_exited(const Sampled& sampled) {
    ProcessRow row{.pid = sampled.process->pid, .comm = sampled.process->comm, .exited = true};
    fill(row, sampled);
    rows_.push_back(std::move(row));
  }

  static void fill(ProcessRow& row, const Sampled& sampled) {
    const CollectedProcess& process = *sampled.process;
    row.container = process.container_id;
    row.samples = process.samples;
    row.complete_samples = process.complete_samples;
    row.frames = process.frames;
    row.named_frames = process.named_frames;
    row.service = process.service;
    row.collector = sampled.node->id;
    row.fate = ProcessFate::profiled;
    if (process.exited_unread) {
      row.fate = ProcessFate::exited_unread;
      row.why =
          "It had ended before weir could read which files it runs: its samples are there, without names.";
      return;
    }
    auto share = process.frames == 0
                     ? 1
                     : static_cast<double>(process.named_frames) / static_cast<double>(process.frames);
    if (process.error.empty() && share >= kWellNamed) return;
    row.fate = ProcessFate::names_missing;
    row.why = process.error.empty() ? process.unnamed : process.error;
  }

  // Not sampled, or not any more: does a target take it?
  void look_for_target(ProcessRow& row) {
    row.fate = ProcessFate::no_target;
    row.why = "";
    row.collector = "";
    for (const auto& [node, report] : reports_) {
      if (row.container.empty()) row.container = report->container_of(row.pid);
      auto service = report->service_of(row.pid, row.container);
      if (!service) continue;
      row.fate = ProcessFate::waiting;
      row.service = *service;
      row.collector = node->id;
      row.why = fmt::format("{} takes it, and no sample of it has come yet: it uses little CPU.", node->id);
      return;
    }
    by_pid_.emplace(row.pid, rows_.size());
    if (!row.container.empty()) by_container_.emplace(row.container, rows_.size());
  }

  void find_who_found() {
    if (by_pid_.empty()) return;
    runtime::each_found_target(snapshot_,
                               [&](const runtime::Node& source, const lang::Value&, const lang::Map& labels) {
                                 if (auto pid = number_in(labels.find(kPidLabel))) {
                                   auto found = by_pid_.find(*pid);
                                   if (found != by_pid_.end()) found_by(source, rows_[found->second]);
                                 } else if (!by_container_.empty()) {
                                   find_containers(source, labels);
                                 }
                                 return true;
                               });
    for (const auto& [pid, at] : by_pid_) explain(rows_[at]);
  }

  // Ids may have "docker://" before them.
  void find_containers(const runtime::Node& source, const lang::Map& labels) {
    labels.visit([&](std::string_view name, const lang::Value& value) {
      const std::string* text = value.as_string();
      if (text == nullptr || !name.contains("container")) return;
      auto [from, until] = by_container_.equal_range(text->substr(text->rfind('/') + 1));
      for (auto at = from; at != until; ++at) found_by(source, rows_[at->second]);
    });
  }

  static void found_by(const runtime::Node& source, ProcessRow& row) {
    if (std::ranges::find(row.found_by, source.id) == row.found_by.end()) row.found_by.push_back(source.id);
  }

  static void explain(ProcessRow& row) {
    if (row.found_by.empty()) {
      row.why = "No component of the config has found it.";
      return;
    }
    row.fate = ProcessFate::left_out;
    row.why =
        fmt::format("{} found it, and it is no target of what profiles.", fmt::join(row.found_by, ", "));
  }

  const runtime::Snapshot& snapshot_;
  std::vector<std::pair<const runtime::Node*, std::shared_ptr<const profile::ProcessReport>>> reports_;
  std::unordered_map<std::uint32_t, Sampled> sampled_;  // by pid; taken out once they are told
  std::vector<Sampled> exited_;
  std::vector<ProcessRow> rows_;
  // Of rows that nobody profiles.
  std::unordered_map<std::uint32_t, std::size_t> by_pid_;
  std::unordered_multimap<std::string, std::size_t> by_container_;
};

}  // namespace

std::string_view to_string(ProcessFate fate) {
  switch (fate) {
    case ProcessFate::profiled: return "profiled";
    case ProcessFate::names_missing: return "names_missing";
    case ProcessFate::waiting: return "waiting";
    case ProcessFate::left_out: return "left_out";
    case ProcessFate::no_target: return "no_target";
    case ProcessFate::exited_unread: return "exited_unread";
  }
  return "no_target";
}

std::vector<ProcessRow> list_processes(const runtime::Snapshot& snapshot, const ProcessUse& use) {
  return Lister(snapshot).list(use);
}

}  // namespace weir::web
