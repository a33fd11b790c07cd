#include "profiler/process/table.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "profiler/process/proc_files.h"

namespace weir::profiler {

namespace {

constexpr std::uint64_t kWindowsKept = 4;
constexpr std::uint64_t kBetweenReads = 1'000'000'000;  // ns; twice as long after each that did not help …
constexpr int kMostDoublings = 6;
constexpr std::size_t kMostRetired = 256;
// A machine may start programs faster than windows end: beyond so many, recent use does not help either.
constexpr std::size_t kMostProcesses = 4096;

struct ReadProcess {
  std::optional<ProcessLife> life;
  std::optional<std::string> maps;
  std::string comm;
};

// The kernel gives out maps under a lock that the process can make it hold.
ReadProcess read_process(std::uint32_t pid) {
  return {.life = life_of(pid), .maps = read_proc(pid, "maps"), .comm = comm_of(pid)};
}

std::uint64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

// Ticks since boot go on while the machine sleeps, CLOCK_MONOTONIC does not. A tick is long: one that began
// in the tick in which the other ended is another.
bool began_after(const ProcessLife& life, std::uint64_t time) {
  std::uint64_t ns_per_tick = 1'000'000'000 / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK));
  std::uint64_t awake = clock_ns(CLOCK_MONOTONIC);
  std::uint64_t slept = clock_ns(CLOCK_BOOTTIME) - awake;
  return (life.start_time + 1) * ns_per_tick > time + slept;
}

}  // namespace

std::uint64_t monotonic_ns() {
  return clock_ns(CLOCK_MONOTONIC);
}

void ProcessTable::apply(const ProcessEvent& event) {
  if (const auto* exec = std::get_if<ExecEvent>(&event.what)) return begin(event, *exec);
  if (const auto* forked = std::get_if<ForkEvent>(&event.what)) return fork(event, *forked);
  auto found = by_pid_.find(event.pid);
  if (found == by_pid_.end()) return;
  Process& process = *found->second;
  bool leader = event.pid == event.tid;
  if (const auto* map = std::get_if<MapEvent>(&event.what)) {
    if (map->executable && event.time >= process.read_time) add_mapping(process, *map);
  } else if (const auto* comm = std::get_if<CommEvent>(&event.what)) {
    if (leader) process.comm = comm->comm;
  } else if (std::holds_alternative<ExitEvent>(event.what)) {
    if (!leader) return;
    process.exited = true;
    process.exit_time = event.time;
    if (std::exchange(process.admitted, false)) --admitted_;
  }
}

// An exec makes a new program of the process: all that follows is seen, nothing needs to be read.
void ProcessTable::begin(const ProcessEvent& event, const ExecEvent& exec) {
  auto found = by_pid_.find(event.pid);
  if (found == by_pid_.end()) {
    Process& process = make(event.pid);
    process.comm = exec.comm;
    process.known = true;
    return;
  }
  Process& process = *found->second;
  if (event.time < process.read_time) return;
  process.mappings.clear();
  process.comm = exec.comm;
  process.known = true;
  process.gone = process.exited = false;
  process.next_read = 0;
  process.vain_reads = 0;
  process.container_read = false;  // a container's first program is started outside and moves in
  process.last_use = window_;
}

void ProcessTable::fork(const ProcessEvent& event, const ForkEvent& fork) {
  if (event.pid == fork.parent) return;  // a thread
  auto old = by_pid_.find(event.pid);
  if (old != by_pid_.end()) {
    // It has been read since: what was read is the new process.
    if (event.time < old->second->read_time) return;
    retire(event.pid);
  }
  auto parent = by_pid_.find(fork.parent);
  if (parent == by_pid_.end() || !parent->second->known) return;
  std::string comm = parent->second->comm;
  MappingTable mappings = parent->second->mappings;
  Process& child = make(event.pid);
  child.comm = std::move(comm);
  child.mappings = std::move(mappings);
  child.known = true;
}

void ProcessTable::add_mapping(Process& process, const MapEvent& map) {
  ModulePtr module;
  std::string path = map.path;
  if (path.ends_with(kDeletedFile)) path.resize(path.size() - kDeletedFile.size());
  bool is_file = path.starts_with('/') && !path.starts_with("//");
  if (!is_file) {
    module = modules_.unnamed(std::move(path));
  } else if (!map.build_id.empty()) {
    module = modules_.with_build_id(std::move(path), map.build_id);
  } else {
    module = modules_.of_file(process.pid, std::move(path), map.device, map.inode);
  }
  process.mappings.insert({map.start, map.limit, map.offset, std::move(module)});
}

Process& ProcessTable::sampled(std::uint32_t pid, std::uint64_t now) {
  auto found = by_pid_.find(pid);
  if (found != by_pid_.end() && found->second->exited && now > found->second->exit_time &&
      now >= found->second->next_read) {
    check_exit(*found->second, now);
    found = by_pid_.find(pid);
  }
  Process& process = found == by_pid_.end() ? make(pid) : *found->second;
  process.last_use = window_;
  bool tried = !process.unreadable.empty() && now < process.next_read;
  if (!process.known && !process.gone && !tried) read_mappings(process, now);
  return process;
}

// A sample of a process whose leader has ended: other threads live on, or its number was given away and we
// did not hear of it; mostly it is just the end of the process.
void ProcessTable::check_exit(Process& process, std::uint64_t now) {
  process.next_read = now + kBetweenReads;
  auto life = life_of(process.pid);
  if (!life) return;
  if (life->has_other_threads() && !began_after(*life, process.exit_time)) process.exited = false;
  if (began_after(*life, process.exit_time)) retire(process.pid);
}

const ProcessMapping* ProcessTable::find_mapping(Process& process, std::uint64_t address, std::uint64_t now) {
  if (const auto* mapping = process.mappings.find(address)) return mapping;
  if (process.exited || process.gone || now < process.next_read) return nullptr;
  read_mappings(process, now);
  const auto* found = process.mappings.find(address);
  process.vain_reads = found ? 0 : std::min(process.vain_reads + 1, kMostDoublings);
  process.next_read = now + (kBetweenReads << process.vain_reads);
  return found;
}

void ProcessTable::read_mappings(Process& process, std::uint64_t now) {
  // What happens while they are read may be in it or not; it is taken from the events again.
  std::uint64_t begun = monotonic_ns();
  process.next_read = now + kBetweenReads;
  auto read = reads_->run(risk_of_process(process.pid), [pid = process.pid] { return read_process(pid); });
  process.unreadable = read ? "" : read.error().message;
  if (!read) return;
  // One that has ended, and was not waited for yet, has no mappings any more.
  if (!read->life || !read->maps || read->maps->empty()) {
    if (!process.known) process.gone = true;
    return;
  }
  process.start_time = read->life->start_time;
  process.read_time = begun;
  process.comm = std::move(read->comm);
  process.mappings.clear();
  each_line(*read->maps, [&](std::string_view line) {
    auto map = parse_maps_line(line);
    if (!map || !map->executable) return;
    bool is_file = map->path.starts_with('/');
    ModulePtr module = is_file
                           ? modules_.of_file(process.pid, std::string(map->path), map->device, map->inode)
                           : modules_.unnamed(map->path.empty() ? "//anon" : std::string(map->path));
    process.mappings.insert({map->start, map->limit, map->offset, std::move(module)});
  });
  process.known = true;
}

const Process* ProcessTable::find(std::uint32_t pid) const {
  auto found = by_pid_.find(pid);
  return found == by_pid_.end() ? nullptr : found->second.get();
}

void ProcessTable::admit(Process& process) {
  if (process.exited || std::exchange(process.admitted, true)) return;
  ++admitted_;
}

void ProcessTable::add_complete(std::uint32_t pid, std::uint64_t samples) {
  auto found = by_pid_.find(pid);
  if (found != by_pid_.end()) found->second->complete_samples += samples;
}

void ProcessTable::set_naming(std::uint32_t pid, const Naming& naming) {
  auto found = by_pid_.find(pid);
  if (found != by_pid_.end()) found->second->naming = naming;
}

void ProcessTable::distrust() {
  for (auto& [pid, process] : by_pid_) process->known = process->exited = false;
}

Process& ProcessTable::make(std::uint32_t pid) {
  if (by_pid_.size() >= kMostProcesses + limits_.entries) evict_worst();
  auto process = std::make_unique<Process>();
  process->pid = pid;
  process->last_use = window_;
  return *(by_pid_[pid] = std::move(process));
}

void ProcessTable::retire(std::uint32_t pid) {
  auto found = by_pid_.find(pid);
  if (found->second->samples != 0 && retired_.size() < kMostRetired) {
    found->second->exited = true;
    found->second->mappings.clear();
    retired_.push_back(std::move(found->second));
  }
  by_pid_.erase(found);
}

void ProcessTable::evict_unused() {
  std::vector<const Process*> unused;
  for (const auto& [pid, process] : by_pid_) {
    if (!process->registered && process->last_use + limits_.rounds < window_) unused.push_back(process.get());
  }
  if (unused.size() <= limits_.entries) return;
  std::ranges::sort(unused, std::greater(), &Process::last_use);
  for (std::size_t i = limits_.entries; i < unused.size(); ++i) by_pid_.erase(unused[i]->pid);
  evicted_ += unused.size() - limits_.entries;
}

// An eighth of all: first those that have ended, then those that have not been seen for longest.
void ProcessTable::evict_worst() {
  std::vector<const Process*> all;
  for (const auto& [pid, process] : by_pid_) all.push_back(process.get());
  auto end = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 8);
  std::ranges::nth_element(all, end, {}, [](const Process* p) {
    bool is_wanted = p->samples != 0 || p->registered;
    return std::tuple(is_wanted && !p->exited, is_wanted, !p->exited, p->last_use);
  });
  for (auto at = all.begin(); at != end; ++at) by_pid_.erase((*at)->pid);
  evicted_ += all.size() / 8;
}

void ProcessTable::end_window() {
  ++window_;
  auto over = [&](const Process& p) {
    // Nobody was interested in it, and no sample of it can come any more.
    if (p.exited && p.samples == 0) return true;
    return (p.exited || p.gone) && p.last_use + kWindowsKept < window_;
  };
  std::erase_if(by_pid_, [&](const auto& entry) { return over(*entry.second); });
  std::erase_if(retired_, [&](const auto& process) { return over(*process); });
  evict_unused();
  admitted_ = static_cast<std::size_t>(
      std::ranges::count_if(by_pid_, [](const auto& entry) { return entry.second->admitted; }));
  modules_.collect_garbage();
}

std::vector<const Process*> ProcessTable::sampled_processes() const {
  std::vector<const Process*> processes;
  for (const auto& [pid, process] : by_pid_) {
    if (process->samples != 0) processes.push_back(process.get());
  }
  for (const auto& process : retired_) processes.push_back(process.get());
  std::ranges::sort(processes, {}, [](const Process* p) { return p->pid; });
  return processes;
}

}  // namespace weir::profiler
