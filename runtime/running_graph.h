// RunningGraph: the components of one config, and the waves that pass through
// them. Belongs to the controller's thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/metrics.h"
#include "runtime/evaluation.h"
#include "runtime/host.h"
#include "runtime/plan.h"
#include "runtime/snapshot.h"
#include "runtime/stop_sequence.h"
#include "runtime/wave.h"

namespace weir::runtime {

class RunningGraph {
 public:
  struct Counts {
    std::size_t added = 0, removed = 0, changed = 0, unchanged = 0;
  };
  // Starts a component that was constructed, now or when it may.
  using Begin = std::function<void(std::shared_ptr<Host>)>;

  RunningGraph(PlanPtr plan, std::shared_ptr<HostServices> services);

  // What `plan` would see of the exports that components publish now.
  ExportList exports_for(const Plan& plan) const;

  // Takes every component over from `before` that goes on, makes those that are new (not constructed yet),
  // and returns those that end. Everything has to be evaluated then: run_wave().
  std::vector<StopSequence::Entry> take_over(RunningGraph& before, Counts& counts);

  // Takes in what the component has published; a wave has to follow.
  void take_exports(Host& host);
  void run_wave(const Begin& begin);
  // After the first wave: which of those taken over have other arguments than before.
  void count_changes(Counts& counts) const;

  const Plan& plan() const { return *plan_; }
  std::vector<std::shared_ptr<const Node>> nodes() const;
  // All of them, with who needs whom.
  std::vector<StopSequence::Entry> hosts() const;

 private:
  struct Member {
    std::shared_ptr<Host> host;
    std::shared_ptr<Node> node;
    ArgumentsPtr arguments;
    bool is_constructed = false;
    bool is_settled = false;  // the last evaluation succeeded with these arguments
    bool is_taken_over = false;
    bool is_text_changed = false;
    bool has_new_arguments = false;  // since it was taken over
    std::string last_failure;
  };

  void make_node(NodeIndex index);
  Host* matching(RunningGraph& before, NodeIndex index) const;
  void take_member(RunningGraph& before, NodeIndex old_index, NodeIndex index);
  // True when its exports are others now.
  bool evaluate(NodeIndex index, const Begin& begin);
  bool use_arguments(NodeIndex index, ArgumentsPtr arguments, const Begin& begin);
  bool evaluate_transform(NodeIndex index);
  void fail(NodeIndex index, std::string why);
  bool commit(NodeIndex index, lang::Value exports);

  PlanPtr plan_;
  std::shared_ptr<HostServices> services_;
  std::shared_ptr<Histogram> evaluation_seconds_;
  std::vector<Member> members_;  // by NodeIndex
  ExportList exports_;
  Wave wave_;
};

}  // namespace weir::runtime
