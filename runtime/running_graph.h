// RunningGraph: the components of one config, and the waves that pass through
// them. Belongs to the controller's thread.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "runtime/evaluation.h"
#include "runtime/host.h"
#include "runtime/patch.h"
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

  // Whether it can go on with some of its nodes changed: a component that has exited is made anew.
  bool may_go_on() const;
  // Takes the edited text in; what has changed has to be evaluated then.
  void patch(const ConfigEdit& edit, PlanPatch patch);

  // Takes in what the component has published; a wave has to follow.
  void take_exports(Host& host);
  void run_wave(const Begin& begin);
  // After the first wave: which of those taken over have other arguments than before.
  void count_changes(Counts& counts) const;

  // What has changed since the last call and asks for another plan.
  struct News {
    std::map<std::string, lang::Value> texts;               // by the id of the import
    std::map<std::string, std::vector<std::string>> items;  // by the id of the foreach
  };
  News take_news() { return std::exchange(news_, {}); }
  // What the component has brought is not used.
  void refuse(const std::string& id, std::string why);

  const Plan& plan() const { return *plan_; }
  const ExportList& exports() const { return exports_; }
  std::vector<std::shared_ptr<const Node>> nodes() const;
  // All of them, with who needs whom.
  std::vector<StopSequence::Entry> hosts() const;

 private:
  struct Member {
    std::shared_ptr<Host> host;  // null: it has only a value
    std::shared_ptr<Node> node;
    ArgumentsPtr arguments;
    bool is_decoded = false;  // the arguments are those of the block, but for what comes from others
    bool is_constructed = false;
    bool is_settled = false;  // the last evaluation succeeded with these arguments
    bool is_taken_over = false;
    bool is_text_changed = false;
    bool has_new_arguments = false;  // since it was taken over
    std::string last_failure;
    std::string refused;  // why what it brought is not used
    Health problem;       // of a value: why it is not there, or not the newest
    lang::Value given;    // of a module
  };

  void make_node(NodeIndex index);
  void link_nodes();
  std::vector<NodeIndex> shown_needs(NodeIndex index) const;
  Host* matching(RunningGraph& before, NodeIndex index) const;
  void take_member(RunningGraph& before, NodeIndex old_index, NodeIndex index);
  // True when its exports are others now.
  bool evaluate(NodeIndex index, const Begin& begin);
  bool evaluate_component(NodeIndex index, const Begin& begin);
  bool evaluate_value_node(NodeIndex index);
  bool evaluate_module(NodeIndex index, const Begin& begin);
  void show_given(NodeIndex index);
  void show_settled(NodeIndex index);
  bool take_from_host(NodeIndex index);
  void get_ready(NodeIndex now, const std::array<std::optional<NodeIndex>, 2>& after) const;
  void look_at_items(NodeIndex index, const lang::Value& exports);
  void take_value(RunningGraph& before, NodeIndex index);
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
  News news_;
};

}  // namespace weir::runtime
