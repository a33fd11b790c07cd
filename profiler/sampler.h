// Sampler: the twin of bpf/cpu_sample.bpf.c. Loads and attaches it, hands out
// its records and counters, and tells it which processes are chosen.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "bpf/cpu_sample.h"
#include "profiler/unwind/unwind_maps.h"

namespace weir::profiler {

struct CollectedStacks {
  bool user = true;
  bool kernel = true;
};

struct SamplerOptions {
  std::uint32_t sample_rate = 97;  // Hz, on every online CPU
  CollectedStacks collect;
  std::uint32_t pid_entries = 2048;
  std::uint32_t cgroup_entries = 2048;
  std::uint32_t own_pid_namespace = 0;  // inode; 0: the machine's first
  cpu_sample_hierarchy hierarchy = CPU_SAMPLE_UNIFIED;
  // An Arena's maps, kept by this sampler too; without them it follows frame pointers.
  UnwindMaps unwind;
  // Of tests: compares the kernel stacks it remembers with those of the kernel (CPU_SAMPLE_KERNEL_WRONG).
  bool check_kernel_stacks = false;
};

// What the end of a user stack tells.
enum class StackEnd : std::uint8_t {
  thread_start,  // nothing is missing
  chain_end,     // of frame pointers: only names can tell whether the thread began there
  early,         // the rest could not be found
};

// A record as the kernel wrote it: valid during the callback only.
struct SampleView {
  const cpu_sample* head = nullptr;
  const std::uint64_t* user = nullptr;  // leaf first
  std::uint32_t user_frames = 0;
  const std::uint64_t* kernel = nullptr;  // leaf first
  std::uint32_t kernel_frames = 0;
  std::uint8_t user_mode = 0;  // cpu_sample_unwind_mode of the user stack
  std::uint8_t user_stop = 0;  // cpu_sample_stop of the user stack; 0: there is none
  StackEnd end = StackEnd::thread_start;
  bool truncated = false;
};

// Reads a record's sections; false when the bytes are not what the contract says.
bool parse_sample(const void* data, std::size_t size, SampleView& sample);

// The kernel's counters, summed over all CPUs, since the sampler opened.
struct SamplerStats {
  std::uint64_t counters[CPU_SAMPLE_COUNTERS] = {};
  std::uint64_t received = 0;   // records taken
  std::uint64_t malformed = 0;  // of these
  // By the kernel's own account, where it keeps one (kernel.bpf_stats_enabled).
  std::uint64_t runs = 0;
  std::uint64_t run_time_ns = 0;
  std::uint64_t map_bytes = 0;  // without the unwind maps

  SamplerStats& operator+=(const SamplerStats& earlier);
  std::uint64_t operator[](cpu_sample_counter counter) const { return counters[counter]; }
};

// Not thread-safe.
class Sampler {
 public:
  // Fails when the kernel refuses the program or the perf events; says what to do about it.
  static Result<std::unique_ptr<Sampler>> open(const SamplerOptions& options);
  ~Sampler();  // detaches
  Sampler(const Sampler&) = delete;
  Sampler& operator=(const Sampler&) = delete;

  // At the next tick of each CPU; nothing is detached.
  Result<> set_rate(std::uint32_t hertz);
  void set_collect(CollectedStacks collect);
  // Whether processes are also chosen by their cgroup.
  void select_by_cgroup(bool on);
  // Whether every process is chosen.
  void select_everyone(bool on);
  // Whether records carry the name of their thread.
  void set_comm(bool on);

  Result<> choose_pid(std::uint32_t pid);
  void drop_pid(std::uint32_t pid);
  void decide_cgroup(std::uint64_t id, cpu_sample_choice choice);
  // It will be asked for again.
  void forget_cgroup(std::uint64_t id);

  // Calls `each` for every record there is.
  void drain(const std::function<void(const SampleView&)>& each);
  // Readable when there is a record that should not wait (CPU_SAMPLE_UNKNOWN_PROCESS). For epoll and
  // poll, edge by edge: drain() then.
  int wait_fd() const;
  // In so long the ring cannot get full, however deep all stacks are; a second at most.
  Duration safe_pause() const;
  // Begins to sample CPUs that came online since.
  Result<> follow_cpus();
  SamplerStats stats() const;
  // Samples nothing any more; what was sampled can still be drained.
  void detach();

 private:
  struct Impl;
  explicit Sampler(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// The numbers in a list such as "0-3,8"; empty when it is not one.
std::vector<int> parse_cpu_list(std::string_view text);
std::vector<int> online_cpus();
std::vector<int> possible_cpus();  // those that may come online, too

}  // namespace weir::profiler
