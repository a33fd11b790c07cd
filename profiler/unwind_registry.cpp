#include "profiler/unwind_registry.h"

#include <sys/stat.h>

#include <utility>
#include <variant>
#include <vector>

namespace weir::profiler {

namespace {

// Of each drain, spent on making tables: a drain that is late loses samples.
constexpr Duration kLoading = std::chrono::milliseconds(50);

// A process lives as long as any of its threads, though its first one may end before.
bool has_threads(std::uint32_t pid) {
  struct stat status{};
  if (stat(fmt::format("/proc/{}/task", pid).c_str(), &status) != 0) return false;
  // Two links are the folder's own, one is the first thread's, which has ended.
  return status.st_nlink > 3;
}

bool has_ended(const Process& process) {
  return process.gone || (process.exited && !has_threads(process.pid));
}

}  // namespace

UnwindRegistry::UnwindRegistry(std::shared_ptr<Machine> machine, ProcessTable& table, IsChosen is_chosen,
                               UnwindLimits limits)
    : machine_(std::move(machine)),
      table_(table),
      is_chosen_(std::move(is_chosen)),
      limits_(limits),
      user_(machine_->unwind_tables().join(limits.bytes)) {}

UnwindRegistry::~UnwindRegistry() {
  machine_->unwind_tables().leave(user_);
}

void UnwindRegistry::set_limits(UnwindLimits limits) {
  if (limits.bytes != limits_.bytes) machine_->unwind_tables().set_limit(user_, limits.bytes);
  if (limits.processes > limits_.processes) refused_.clear();
  limits_ = limits;
}

void UnwindRegistry::expect(std::uint32_t pid) {
  (void)table_.sampled(pid, monotonic_ns());
  changed_.insert(pid);
}

void UnwindRegistry::sampled(const Process& process, const SampleView& sample) {
  bool is_unknown = (sample.head->flags & CPU_SAMPLE_UNKNOWN_PROCESS) != 0;
  // A process that fell out of the process table and came back is seen afresh.
  if (is_unknown || !process.registered || sample.user_stop == CPU_SAMPLE_STOP_NO_MAPPING)
    changed_.insert(process.pid);
  if (is_unknown || sample.user_stop == CPU_SAMPLE_STOP_PENDING) waiting_.insert(process.pid);
}

void UnwindRegistry::happened(const ProcessEvent& event) {
  if (const auto* fork = std::get_if<ForkEvent>(&event.what)) {
    if (event.pid == fork->parent) return;
    if (registered_.contains(event.pid)) drop(event.pid);
    const Process* parent = registered_.contains(fork->parent) ? table_.find(fork->parent) : nullptr;
    Process* child = table_.find(event.pid);
    if (!parent || !child || !is_chosen_(event.pid, parent->container_id)) return;
    child->container_id = parent->container_id;
    changed_.insert(event.pid);
    return;
  }
  if (!registered_.contains(event.pid)) return;
  const auto* map = std::get_if<MapEvent>(&event.what);
  bool matters = (map && map->executable) || std::holds_alternative<ExecEvent>(event.what) ||
                 std::holds_alternative<ExitEvent>(event.what);
  if (matters) changed_.insert(event.pid);
}

bool UnwindRegistry::update(std::uint64_t seen) {
  for (std::uint32_t pid : std::exchange(changed_, {})) refresh(pid, seen);
  UnwindTables& tables = machine_->unwind_tables();
  for (std::uint32_t pid : std::exchange(waiting_, {})) tables.want(pid);
  return tables.load(std::chrono::steady_clock::now() + kLoading);
}

void UnwindRegistry::refresh(std::uint32_t pid, std::uint64_t seen) {
  Process* process = table_.find(pid);
  if (!process || has_ended(*process)) return drop(pid);
  if (refused_.contains(pid)) return;
  bool is_new = !registered_.contains(pid);
  if (is_new && registered_.size() >= limits_.processes) {
    refused_.insert(pid);
    ++overflow_;
    return;
  }
  registered_.insert(pid);
  process->registered = true;
  // Its stacks are followed by frame pointers then; the tables count it.
  if (!machine_->unwind_tables().set_process(user_, pid, seen, process->mappings)) refused_.insert(pid);
}

void UnwindRegistry::drop(std::uint32_t pid) {
  if (registered_.erase(pid) == 0) return;
  machine_->unwind_tables().drop_process(user_, pid);
  if (Process* process = table_.find(pid)) process->registered = false;
}

void UnwindRegistry::drop_unchosen() {
  for (std::uint32_t pid : std::vector(registered_.begin(), registered_.end())) {
    const Process* process = table_.find(pid);
    if (!process || !is_chosen_(pid, process->container_id)) drop(pid);
  }
}

void UnwindRegistry::end_window() {
  refused_.clear();
  for (std::uint32_t pid : std::vector(registered_.begin(), registered_.end())) {
    const Process* process = table_.find(pid);
    if (!process || has_ended(*process)) drop(pid);
  }
}

}  // namespace weir::profiler
