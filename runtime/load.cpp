// The part of the controller that loads a config: everything is checked beside
// the running graph; then it is applied in one step that cannot fail, or
// nothing changes.
#include <utility>

#include <fmt/format.h>

#include "runtime/controller_core.h"
#include "runtime/files.h"
#include "runtime/secret_names.h"

namespace weir::runtime {
namespace {

// How long a new component waits for one of its type that is on its way out and may hold a port or a file,
// and how long one that ends waits for those that use it.
constexpr Duration kPatience = std::chrono::seconds(2);

}  // namespace

// False: the config is refused.
bool ControllerCore::change_graph(LoadResult& result) {
  lang::Diagnostics& diagnostics = result.diagnostics;
  last_sources_ = read_config(options_.config_path, diagnostics);
  ConfigEdit edit = edit_config(sources_, graph_->plan().inputs.files, last_sources_, diagnostics);
  // What a file that does not parse declares is not known: errors about names would mislead.
  if (!lang::has_errors(diagnostics) && patch_graph(edit, result)) return true;
  if (!lang::has_errors(diagnostics)) replace_graph(edit.files, result);
  tidy(diagnostics);
  return !lang::has_errors(diagnostics);
}

// Most edits change some blocks, and nothing else: the rest of the graph is not even looked at.
bool ControllerCore::patch_graph(const ConfigEdit& edit, LoadResult& result) {
  if (!is_ready_ || !graph_->may_go_on()) return false;
  auto patch = patch_for(graph_->plan(), edit, graph_->exports(), services_->environment.env);
  lang::Diagnostics warnings = warnings_;
  if (!patch || !carry_over(edit, last_sources_, warnings)) return false;
  place_in_files(patch->warnings, edit.files, last_sources_);
  warnings.insert(warnings.end(), patch->warnings.begin(), patch->warnings.end());
  result.diagnostics.insert(result.diagnostics.end(), warnings.begin(), warnings.end());
  {
    std::lock_guard lock(mutex_);
    forget_stopped();
  }
  graph_->patch(edit, *std::move(patch));
  graph_->run_wave([this](std::shared_ptr<Host> host) { begin(std::move(host)); });
  RunningGraph::Counts counts;
  graph_->count_changes(counts);
  use_sources(result, counts, std::move(warnings));
  tidy(result.diagnostics);
  return true;
}

void ControllerCore::replace_graph(std::vector<FilePtr> files, LoadResult& result) {
  const Environment& environment = services_->environment;
  PlanInputs inputs = graph_->plan().inputs;
  inputs.files = std::move(files);
  lang::Diagnostics found;
  PlanPtr plan = settlement(Settlement::Purpose::load).settle(std::move(inputs), found);
  LoggingSettings logging = decode_logging(plan->logging, environment.env, found);
  place_in_files(found, plan->inputs.files, last_sources_);
  result.diagnostics.insert(result.diagnostics.end(), found.begin(), found.end());
  if (lang::has_errors(found)) return;
  environment.log->set_level(logging.level);
  environment.log->set_format(logging.format);
  use_sources(result, replace_graph(std::move(plan)), std::move(found));
}

// For people: by place, not too many, and without secrets.
void ControllerCore::tidy(lang::Diagnostics& diagnostics) const {
  lang::sort_by_place(diagnostics);
  lang::keep_first(diagnostics);
  hide_secrets(diagnostics, *services_->environment.registry);
}

Settlement ControllerCore::settlement(Settlement::Purpose purpose) const {
  return {{*services_->environment.registry, options_.least_stability},
          purpose,
          [this](const Plan& plan) { return graph_->exports_for(plan); },
          services_->environment.env};
}

LoadResult ControllerCore::load(std::string_view cause) {
  LoadResult result;
  MonoTime start = system_clock().mono();
  result.cause = cause;
  result.time = services_->environment.clock->wall();
  result.ok = change_graph(result);
  // What the first wave brought, so that the graph is whole when the load is told.
  if (result.ok) take_news();
  if (services_->is_ending) return result;
  result.took = system_clock().mono() - start;
  record(result, !std::exchange(is_loaded_once_, true));
  if (options_.watch_file && !watch_) watch_config();
  return result;
}

void ControllerCore::use_sources(LoadResult& result, const RunningGraph::Counts& counts,
                                 lang::Diagnostics warnings) {
  warnings_ = std::move(warnings);
  result.added = counts.added;
  result.removed = counts.removed;
  result.changed = counts.changed;
  result.unchanged = counts.unchanged;
  sources_ = last_sources_;
  running_since_ = result.time;
  is_ready_ = true;
}

RunningGraph::Counts ControllerCore::replace_graph(PlanPtr plan) {
  auto next = std::make_unique<RunningGraph>(std::move(plan), services_);
  RunningGraph::Counts counts;
  std::vector<StopSequence::Entry> ending = next->take_over(*graph_, counts);
  graph_ = std::move(next);
  std::vector<StopSequence::Entry> roster = graph_->hosts();
  std::shared_ptr<StopSequence> sequence;
  if (!ending.empty()) sequence = StopSequence::begin(std::move(ending));
  // One that hangs must not keep what it uses from its end.
  if (sequence) {
    services_->reactor->at(system_clock().mono() + kPatience, [sequence] { sequence->hurry(); });
  }
  {
    std::lock_guard lock(mutex_);
    roster_ = std::move(roster);
    forget_stopped();
    if (sequence) stopping_.push_back(std::move(sequence));
  }
  const Environment& environment = services_->environment;
  if (environment.on_config) environment.on_config(graph_->plan().find("http") != nullptr);
  graph_->run_wave([this](std::shared_ptr<Host> host) { begin(std::move(host)); });
  graph_->count_changes(counts);
  return counts;
}

// What they were is in memory for as long as anybody may wait for their end.
void ControllerCore::forget_stopped() {
  std::erase_if(stopping_, [](const auto& earlier) { return earlier->wait(MonoTime()); });
}

void ControllerCore::begin(std::shared_ptr<Host> host) {
  std::vector<std::shared_ptr<StopSequence>> sequences;
  {
    std::lock_guard lock(mutex_);
    sequences = stopping_;
  }
  std::erase_if(sequences, [&](const auto& s) { return s->has_stopped(host->type()); });
  if (sequences.empty()) return host->start();
  auto left = std::make_shared<std::atomic<std::size_t>>(sequences.size());
  for (const auto& sequence : sequences) {
    sequence->when_type_stopped(host->type(), [host, left] {
      if (--*left == 0) host->start();
    });
  }
  services_->reactor->at(system_clock().mono() + kPatience, [host] { host->start(); });
}

// Says what happened to those who read the log, the metrics and the snapshot. The first load's errors are for
// its caller to show: it knows the terminal.
void ControllerCore::record(LoadResult& result, bool is_first) {
  Logger log(*services_->environment.log, "");
  last_load_success_->set(result.ok ? 1 : 0);
  for (const lang::Diagnostic& diagnostic : result.diagnostics) {
    bool is_error = diagnostic.severity == lang::Severity::error;
    if (!is_error) log.warn(lang::one_line_with_notes(diagnostic));
    if (is_error && !is_first) log.error(lang::one_line_with_notes(diagnostic));
  }
  if (result.ok) {
    auto since_epoch = std::chrono::duration<double>(result.time.time_since_epoch());
    load_timestamp_->set(since_epoch.count());
    log.info("config loaded", {{"cause", result.cause},
                               {"added", fmt::to_string(result.added)},
                               {"removed", fmt::to_string(result.removed)},
                               {"changed", fmt::to_string(result.changed)},
                               {"unchanged", fmt::to_string(result.unchanged)},
                               {"took", format_duration(result.took)}});
  } else if (!is_first) {
    log.error("config refused, the one before goes on",
              {{"cause", result.cause},
               {"errors", fmt::to_string(lang::count(result.diagnostics, lang::Severity::error))}});
  }
  last_load_ = result;
  publish();
}

void ControllerCore::publish() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->nodes = graph_->nodes();
  snapshot->sources = sources_;
  for (const auto& [id, content] : graph_->plan().inputs.contents) {
    for (const auto& file : content->files) snapshot->module_sources.push_back(file->source);
  }
  snapshot->config_path = options_.config_path.string();
  snapshot->running_since = running_since_;
  snapshot->last_load = last_load_;
  snapshot->ready = is_ready_;
  snapshot->revisions = services_->revisions;
  {
    std::lock_guard lock(mutex_);
    snapshot_ = std::move(snapshot);
  }
  ++services_->revisions->loads;
}

}  // namespace weir::runtime
