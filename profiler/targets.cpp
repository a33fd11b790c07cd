#include "profiler/targets.h"

#include <algorithm>
#include <utility>

namespace weir::profiler {

TargetState* Targets::place(ProfiledTarget target) {
  auto& state = states_[Key(target.pid, target.container_id)];
  // What was sampled under other labels (another program has the pid now) keeps them.
  if (state && state->target.labels != target.labels && !state->window.empty()) {
    former_.push_back(std::exchange(state, nullptr));
  }
  if (!state) state = std::make_unique<TargetState>();
  state->removed = false;
  state->target = std::move(target);
  return state.get();
}

void Targets::set_default(std::optional<ProfiledTarget> target) {
  if (default_) default_->removed = true;
  default_ = nullptr;
  if (!target) return;
  target->pid = 0;
  target->container_id.clear();
  default_ = place(*std::move(target));
}

bool Targets::any_wants_kernel() const {
  return std::ranges::any_of(states_, [](const auto& entry) {
    return !entry.second->removed && entry.second->target.collect_kernel.value_or(false);
  });
}

TargetChange Targets::set(std::vector<ProfiledTarget> targets) {
  TargetChange change;
  auto old_pids = std::exchange(by_pid_, {});
  auto old_containers = std::exchange(by_container_, {});
  for (auto& [key, state] : states_) state->removed = state.get() != default_;
  for (ProfiledTarget& target : targets) {
    if (target.pid == 0 && target.container_id.empty()) continue;
    if (target.pid != 0) target.container_id.clear();
    TargetState* state = place(std::move(target));
    if (state->target.pid != 0) {
      by_pid_[state->target.pid] = state;
    } else {
      by_container_[state->target.container_id] = state;
    }
  }
  std::erase_if(states_,
                [](const auto& entry) { return entry.second->removed && entry.second->window.empty(); });
  has_children_ =
      std::ranges::any_of(by_pid_, [](const auto& entry) { return entry.second->target.with_children; });
  for (const auto& [pid, state] : by_pid_) {
    if (!old_pids.contains(pid)) change.added_pids.push_back(pid);
  }
  for (const auto& [pid, state] : old_pids) {
    if (!by_pid_.contains(pid)) change.removed_pids.push_back(pid);
  }
  change.containers_changed = old_containers.size() != by_container_.size();
  for (const auto& [id, state] : by_container_) change.containers_changed |= !old_containers.contains(id);
  return change;
}

TargetState* Targets::find(std::uint32_t pid, std::string_view container) const {
  if (auto found = by_pid_.find(pid); found != by_pid_.end()) return found->second;
  if (auto child = children_.find(pid); child != children_.end()) {
    auto found = by_pid_.find(child->second);
    if (found != by_pid_.end() && found->second->target.with_children) return found->second;
  }
  if (container.empty()) return nullptr;
  auto found = by_container_.find(std::string(container));
  return found == by_container_.end() ? nullptr : found->second;
}

void Targets::started(std::uint32_t parent, std::uint32_t child) {
  if (!has_children_ || parent == child) return;
  ended_children_.erase(child);
  TargetState* target = find(parent, "");
  if (target && target->target.with_children) {
    children_[child] = target->target.pid;
  } else {
    children_.erase(child);
  }
}

void Targets::ended(std::uint32_t pid) {
  if (children_.contains(pid)) ended_children_.insert(pid);
}

bool Targets::wants_container(std::string_view container) const {
  return !container.empty() && by_container_.contains(std::string(container));
}

std::vector<std::uint32_t> Targets::pids() const {
  std::vector<std::uint32_t> pids;
  for (const auto& [pid, state] : by_pid_) pids.push_back(pid);
  return pids;
}

std::vector<TargetState*> Targets::with_samples() const {
  std::vector<TargetState*> states;
  for (const auto& [key, state] : states_) {
    if (!state->window.empty()) states.push_back(state.get());
  }
  for (const auto& state : former_) states.push_back(state.get());
  return states;
}

void Targets::end_window() {
  for (std::uint32_t pid : ended_children_) children_.erase(pid);
  ended_children_.clear();
  former_.clear();
  std::erase_if(states_, [](const auto& entry) { return entry.second->removed; });
  for (auto& [key, state] : states_) {
    if (state->window.empty()) continue;
    state->window = TargetWindow();
    state->pids.clear();
    state->ends.clear();
  }
}

}  // namespace weir::profiler
