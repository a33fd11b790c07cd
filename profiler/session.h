// Session: profiles of chosen processes of this machine. Loads and attaches
// the sampler, knows every process from mapping events, adds each stack to its
// target, and names the frames when a window ends.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/log.h"
#include "base/result.h"
#include "profile/collection.h"
#include "profile/profile.h"
#include "profiler/machine_stats.h"
#include "profiler/naming.h"

namespace weir::profiler {

enum class Demangle { none, simplified, templates, full };

// Where the name of a thread goes: nowhere, into the label "comm" of its samples, into a frame at the
// root of its stacks, or both.
enum class CommPlace { none, label, stackframe, both };

// A label set and the processes it stands for: one pid, or all of a container. A pid wins over a
// container. Profiles carry `labels` as they are.
struct ProfiledTarget {
  std::uint32_t pid = 0;     // of our own pid namespace; 0: none
  std::string container_id;  // used when pid is 0
  profile::Labels labels;
  // Where the target wishes otherwise than the session's options say.
  std::optional<bool> collect_kernel = {};
  std::optional<Demangle> demangle = {};
  // Also the processes that `pid` starts, and those that they start. The kernel then samples everybody, for
  // it does not know them: for a while, not for always.
  bool with_children = false;

  bool operator==(const ProfiledTarget&) const = default;
};

struct SessionLimits {
  // A cache keeps what was used in the last `cache_rounds` windows, and of what was used before that as many
  // entries as its own number says, the last used first.
  std::uint64_t cache_rounds = 3;
  std::size_t processes = 32;            // whose mappings are remembered
  std::size_t build_id_files = 64;       // symbol tables of files with a build id
  std::size_t same_files = 8;            // … of files without
  std::size_t container_ids = 1024;      // cgroup to container id
  std::size_t symbol_bytes = 64u << 20;  // of all of them together
  std::size_t unwind_bytes = 64u << 20;  // of unwind tables in the kernel
  std::size_t memory = 0;                // bytes of weir and its kernel maps together; 0: no limit of its own
  std::uint32_t kernel_pid_entries = 2048;  // processes profiled at a time

  bool operator==(const SessionLimits&) const = default;
};

struct SessionOptions {
  std::uint32_t sample_rate = 97;  // Hz, on every online CPU
  bool collect_user = true;
  bool collect_kernel = true;
  Demangle demangle = Demangle::none;
  CommPlace comm = CommPlace::none;
  bool pid_label = false;  // samples carry the label "pid"
  // Labels of processes that no target names; without it those are not sampled at all.
  std::optional<profile::Labels> default_target;
  // Attach also to kernels that are known to crash under such programs.
  bool any_kernel = false;
  SessionLimits limits;

  bool operator==(const SessionOptions&) const = default;
};

// What debug info shows of a process.
struct ProcessInfo {
  std::uint32_t pid = 0;
  std::string comm;
  std::string container_id;
  std::string service;  // label service_name of its target
  std::size_t mappings = 0;
  std::uint64_t samples = 0;           // since the session opened
  std::uint64_t complete_samples = 0;  // of these, reached the thread's start
  Naming naming;                       // of the last profile that it is part of
  bool exited = false;
  bool exited_unread = false;        // … before its mappings could be read
  std::uint64_t windows_unused = 0;  // since its last sample or event
  std::string error;                 // why its mappings are not known
};

// Where stacks ended that did not reach their thread's start.
struct UnwindEnd {
  std::string reason;
  std::uint64_t stacks = 0;
};

// How well stacks through a file are followed. Counts of samples, since the session opened.
struct ModuleUnwinding {
  std::string file;
  std::string build_id;
  std::uint64_t stacks = 0;      // with a frame in the file
  std::uint64_t complete = 0;    // of these, reached the thread's start
  std::vector<UnwindEnd> ended;  // stacks whose last frame is in the file, though no thread begins there
  std::size_t rows = 0;          // of its unwind table …
  std::size_t bytes = 0;         // … in the kernel's memory
  std::string error;             // why it has none, or not yet
};

// … and of a symbol table.
struct SymbolFileInfo {
  std::string file;
  std::string build_id;
  std::size_t symbols = 0;
  std::size_t bytes = 0;
  bool failed = false;  // the file could not be read
  std::string error;    // … why; or why some of its functions have no name
};

// Between two drains where nothing better is known.
inline constexpr Duration kDrainInterval = std::chrono::milliseconds(200);

// Not thread-safe: one call at a time, from any thread. Only stats() of the
// report and on_urgent() may be called beside it.
class Session {
 public:
  // Fails when the kernel refuses the program or the perf events; the message says what to do.
  static Result<std::unique_ptr<Session>> open(SessionOptions options, Logger log);

  virtual ~Session() = default;

  // Replaces the target list; processes of targets that stay are not disturbed.
  virtual void set_targets(std::vector<ProfiledTarget> targets) = 0;
  // Takes effect at once and without detaching; collect() first when sample_rate changes (it does
  // so itself if not done: a window never mixes two rates).
  virtual Result<> set_options(SessionOptions options) = 0;

  // Tells when something waits that should not wait for the next drain(): a process whose tables are
  // missing. Called from a thread of the session, not more often than every 10 ms; until this is replaced.
  virtual void on_urgent(std::function<void()> call) = 0;
  // Takes samples and mapping events from the kernel.
  virtual void drain() = 0;
  // After which pause drain() wants to be called again, or something may be lost.
  virtual Duration next_drain() const { return kDrainInterval; }
  // Ends the window: one profile for every target that has samples, named. Also drains.
  virtual std::vector<profile::ProfilePtr> collect(WallTime now) = 0;
  // Ends sampling and with it the last window, of which nothing is lost then. No other call but those that
  // read.
  virtual std::vector<profile::ProfilePtr> finish(WallTime now) { return collect(now); }

  virtual std::shared_ptr<const profile::CollectionReport> report() const = 0;
  virtual std::vector<ProcessInfo> processes() const = 0;
  virtual std::vector<SymbolFileInfo> symbol_files() const = 0;
  // Most stacks first.
  virtual std::vector<ModuleUnwinding> unwind_quality() const { return {}; }
  // Also tells anew what came since the last call, of any session.
  virtual MachineReport machine() { return {}; }
};

}  // namespace weir::profiler
