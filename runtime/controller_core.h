// The controller behind its interface: the thread that owns the graph, loads
// configs into it and runs the waves.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_watch.h"
#include "runtime/controller.h"
#include "runtime/logging_block.h"
#include "runtime/running_graph.h"
#include "runtime/settle.h"

namespace weir::runtime {

// Its thread keeps it alive: one that hangs in a transform is left behind with all it may touch.
class ControllerCore : public std::enable_shared_from_this<ControllerCore> {
 public:
  static std::shared_ptr<ControllerCore> create(Environment environment, Controller::Options options);

  // ---- any thread ----
  void post(std::function<void()> job);  // to the controller's thread; dropped once it ends
  std::shared_ptr<const Snapshot> snapshot() const;
  double waiting() const;  // jobs, and hosts with fresh exports
  std::vector<std::string> stop();

  // ---- the controller's thread ----
  LoadResult load(std::string_view cause);

 private:
  ControllerCore(Environment environment, Controller::Options options);
  void make_services();
  void make_metrics();
  void run();

  // loading
  bool change_graph(LoadResult& result);
  bool patch_graph(const ConfigEdit& edit, LoadResult& result);
  void replace_graph(std::vector<FilePtr> files, LoadResult& result);
  void tidy(lang::Diagnostics& diagnostics) const;
  void use_sources(LoadResult& result, const RunningGraph::Counts& counts, lang::Diagnostics warnings);
  RunningGraph::Counts replace_graph(PlanPtr plan);
  void begin(std::shared_ptr<Host> host);
  void forget_stopped();  // with the lock held
  void record(LoadResult& result, bool is_first);
  void publish();

  // what imports and foreach blocks bring while they run
  void take_news();
  void take_text(const std::string& id, const lang::Value& texts);
  void take_items(const std::map<std::string, std::vector<std::string>>& items);
  bool change_plan(PlanInputs inputs, Settlement& settlement, const std::string& cause, std::string& why_not);
  Settlement settlement(Settlement::Purpose purpose) const;

  // watching
  void watch_config();
  void on_watch_event();
  void schedule_reload(Duration delay);
  void reload_if_changed();

  // stopping
  bool end_thread(MonoTime until);
  std::vector<std::string> stop_hosts(MonoTime soft, MonoTime hard);

  // The controller's thread:
  const Controller::Options options_;
  std::shared_ptr<HostServices> services_;
  std::unique_ptr<RunningGraph> graph_;
  std::vector<lang::SourcePtr> sources_;       // of the running config
  lang::Diagnostics warnings_;                 // about it: all of them, secrets and all
  std::vector<lang::SourcePtr> last_sources_;  // of the last load, also a refused one
  LoadResult last_load_;
  WallTime running_since_;
  bool is_ready_ = false;
  bool is_loaded_once_ = false;
  std::optional<FileWatch> watch_;
  Reactor::Id watch_id_ = 0, reload_timer_ = 0;
  MonoTime reload_at_;
  std::shared_ptr<Gauge> last_load_success_, load_timestamp_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<std::function<void()>> jobs_;
  std::vector<std::shared_ptr<Host>> fresh_;  // hosts with new exports
  bool is_ending_ = false;
  bool is_thread_over_ = false;
  bool is_stopped_ = false;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<StopSequence::Entry> roster_;              // of the running graph
  std::vector<std::shared_ptr<StopSequence>> stopping_;  // of graphs before
};

}  // namespace weir::runtime
