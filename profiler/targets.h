// Targets: which target a process belongs to, and the window of each.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "profiler/session.h"
#include "profiler/window.h"

namespace weir::profiler {

// Where a chain of frame pointers ended: only a name can tell whether that is where the thread began.
struct OpenEnd {
  std::uint32_t pid = 0;
  std::array<std::uint32_t, 2> places{};  // the outermost of the window's places, the very last one last

  auto operator<=>(const OpenEnd&) const = default;
};

struct TargetState {
  ProfiledTarget target;
  TargetWindow window;
  std::vector<std::uint32_t> pids;        // sampled in this window, each once
  std::map<OpenEnd, std::uint64_t> ends;  // how many stacks of this window ended there
  bool removed = false;                   // kept until its last window has been handed over
};

// What the kernel has to be told after a change.
struct TargetChange {
  std::vector<std::uint32_t> added_pids;
  std::vector<std::uint32_t> removed_pids;
  bool containers_changed = false;
};

class Targets {
 public:
  // Of two targets with one key the later stands; targets without a key are left out.
  TargetChange set(std::vector<ProfiledTarget> targets);
  // The target of processes that no other names; nullopt: there is none.
  void set_default(std::optional<ProfiledTarget> target);
  // By pid first, then by container; null when nobody chose it.
  TargetState* find(std::uint32_t pid, std::string_view container) const;
  TargetState* default_target() const { return default_; }
  // Whether a target wants the kernel's part of its stacks though the session does not.
  bool any_wants_kernel() const;
  bool wants_container(std::string_view container) const;
  // Children of `parent` belong to its target where that says so; of others `child` does not any more.
  void started(std::uint32_t parent, std::uint32_t child);
  // Samples of it may still come, until the window ends.
  void ended(std::uint32_t pid);
  bool has_children() const { return has_children_; }
  bool has_containers() const { return !by_container_.empty(); }
  std::vector<std::uint32_t> pids() const;

  // All with samples in their window.
  std::vector<TargetState*> with_samples() const;
  // Empties all windows and forgets removed targets.
  void end_window();

 private:
  using Key = std::pair<std::uint32_t, std::string>;  // the default target's is that of no target

  TargetState* place(ProfiledTarget target);

  std::map<Key, std::unique_ptr<TargetState>> states_;
  std::vector<std::unique_ptr<TargetState>> former_;  // with samples of this window and labels of before
  TargetState* default_ = nullptr;
  std::unordered_map<std::uint32_t, TargetState*> by_pid_;
  std::unordered_map<std::string, TargetState*> by_container_;
  // Of targets that want them: the pid of the target by that of the child.
  std::unordered_map<std::uint32_t, std::uint32_t> children_;
  std::unordered_set<std::uint32_t> ended_children_;
  bool has_children_ = false;
};

}  // namespace weir::profiler
