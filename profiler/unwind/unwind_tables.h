// UnwindTables: the one store of unwind tables in the kernel's memory. All
// sessions share it: a file's table is made once, however many processes map
// it, and stays for a while after the last of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/duration.h"
#include "base/result.h"
#include "profiler/process/module.h"
#include "profiler/process/watched_reads.h"
#include "profiler/unwind/arena.h"
#include "profiler/unwind/table_file.h"
#include "profiler/unwind/table_writer.h"
#include "profiler/unwind/unwind_stats.h"

namespace weir::profiler {

struct UnwindTableInfo {
  std::string file;
  std::string build_id;
  std::size_t rows = 0;
  std::size_t bytes = 0;      // in the kernel
  std::size_t processes = 0;  // that map it now
  std::string error;          // why there is none, or not yet
};

// Thread-safe. Files are read while others may go on.
class UnwindTables {
 public:
  // A session. What it registers lives until it leaves.
  using User = std::uint32_t;

  UnwindTables(std::unique_ptr<Arena> arena, std::shared_ptr<WatchedReads> reads);
  ~UnwindTables();
  UnwindTables(const UnwindTables&) = delete;
  UnwindTables& operator=(const UnwindTables&) = delete;

  // The largest limit of all users holds.
  User join(std::size_t byte_limit);
  void set_limit(User user, std::size_t byte_limit);
  void leave(User user);
  // Of all users there is one: what all share is told in its name where others add up.
  bool is_first(User user) const;

  // Registers a process or tells its mappings anew. `seen` (CLOCK_MONOTONIC, ns): how recent `mappings` are;
  // what another user told later stands. Files without a table yet are made by load().
  Result<> set_process(User user, std::uint32_t pid, std::uint64_t seen, const MappingTable& mappings);
  void drop_process(User user, std::uint32_t pid);
  // Stacks of it ended for want of a table: it comes before others.
  void want(std::uint32_t pid);

  // Makes tables until the time is over, one at least; false when none is left to make.
  bool load(MonoTime until);

  UnwindMaps maps() const { return arena_->maps(); }
  UnwindStats stats() const;
  std::vector<UnwindTableInfo> tables() const;

 private:
  enum class State : std::uint8_t { pending, ready, none, no_room };

  struct Table {
    std::string key;
    ModulePtr module;
    State state = State::pending;
    bool loading = false;  // a thread is at it, outside the lock
    NoTable why = NoTable::none;
    std::string error;
    WrittenTable written;
    std::vector<ElfSegment> code;
    std::size_t rows = 0;
    std::size_t bytes = 0;     // in the arena; of one without room: that it would need
    std::size_t users = 0;     // mappings of registered processes
    std::uint64_t wanted = 0;  // stacks that ended for want of it
    std::uint64_t used = 0;    // when it had users last, in uses_
    MonoTime tried;
  };

  struct Mapped {
    std::uint64_t start = 0, limit = 0, offset = 0;
    ModulePtr module;
    Table* table = nullptr;  // null: frame pointers
  };

  struct Process {
    std::vector<User> users;
    std::uint64_t seen = 0;
    std::vector<Mapped> mappings;
    std::uint32_t object = 0;      // its array in the arena …
    std::size_t object_bytes = 0;  // … and how large it is
    bool registered = false;       // in the kernel's map
    bool stale = false;            // what the kernel has is not what we know
  };

  std::vector<Mapped> resolve(const MappingTable& mappings);
  Table* table_of(const ModulePtr& module);
  void release(std::vector<Mapped>& mappings);
  void forget(std::map<std::uint32_t, Process>::iterator process);

  Table* next_to_load();
  std::vector<MappedBy> mapped_by(const Table& table) const;
  void install(Table& table, TableFile file);
  void mark_stale(const Table& table);
  void write_stale();
  Result<> write(std::uint32_t pid, Process& process);
  Result<> put(std::uint32_t pid, Process& process, const std::vector<unwind_mapping>& mappings);

  void apply_limit();
  std::size_t bytes_in_use() const;
  std::size_t mappings_share() const;
  bool make_room(std::size_t bytes);
  bool evict_one();
  void degrade();
  void try_again_without_room();
  void try_again_too_large();

  std::shared_ptr<WatchedReads> reads_;
  mutable std::mutex mutex_;  // guards all below
  std::unique_ptr<Arena> arena_;
  std::map<User, std::size_t> limits_;
  User next_user_ = 1;
  std::size_t limit_ = 0;
  std::size_t leaving_ = 0;  // of the arena: in tables that are freed once no process points at them
  std::unordered_map<std::string, std::unique_ptr<Table>> tables_;
  std::map<std::uint32_t, Process> processes_;
  std::uint64_t uses_ = 0;
  UnwindStats counts_;  // of what happened
};

}  // namespace weir::profiler
