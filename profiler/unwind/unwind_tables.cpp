#include "profiler/unwind/unwind_tables.h"

#include <algorithm>
#include <span>
#include <utility>

#include "profiler/symbols/vdso.h"

namespace weir::profiler {

namespace {

constexpr std::size_t kMostMappings = UNWIND_SEGMENT_WORDS * sizeof(std::uint32_t) / sizeof(unwind_mapping);
constexpr std::size_t kMappingWords = sizeof(unwind_mapping) / sizeof(std::uint32_t);
constexpr std::size_t kMostWays = 8;  // by which a file is looked for
// While it is made a table takes several times what it takes in the kernel.
constexpr std::size_t kMakingFactor = 4;
constexpr Duration kRetry = std::chrono::seconds(1);
// Of the limit stays free of tables: a process that comes when they have filled it still gets its mappings.
constexpr std::size_t kMappingsShare = 16;

// Two processes have the same file when the kernel says so, not when its path is the same.
std::string key_of(const Module& module) {
  if (module.path == kVdso) return std::string(kVdso);
  if (!module.is_file()) return "";
  if (!module.build_id.empty()) return module.build_id;
  if (module.inode == 0) return "";
  return fmt::format("{}:{}", module.device, module.inode);
}

MonoTime now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

UnwindTables::UnwindTables(std::unique_ptr<Arena> arena, std::shared_ptr<WatchedReads> reads)
    : reads_(std::move(reads)), arena_(std::move(arena)) {}
UnwindTables::~UnwindTables() = default;

// ---- users and limits ----

UnwindTables::User UnwindTables::join(std::size_t byte_limit) {
  std::lock_guard lock(mutex_);
  limits_[next_user_] = byte_limit;
  apply_limit();
  return next_user_++;
}

void UnwindTables::set_limit(User user, std::size_t byte_limit) {
  std::lock_guard lock(mutex_);
  limits_[user] = byte_limit;
  apply_limit();
}

void UnwindTables::leave(User user) {
  std::lock_guard lock(mutex_);
  limits_.erase(user);
  for (auto process = processes_.begin(); process != processes_.end();) {
    auto next = std::next(process);
    std::erase(process->second.users, user);
    if (process->second.users.empty()) forget(process);
    process = next;
  }
  apply_limit();
}

bool UnwindTables::is_first(User user) const {
  std::lock_guard lock(mutex_);
  return !limits_.empty() && limits_.begin()->first == user;
}

void UnwindTables::apply_limit() {
  std::size_t before = std::exchange(limit_, 0);
  for (const auto& [user, limit] : limits_) limit_ = std::max(limit_, limit);
  if (!make_room(0)) degrade();
  if (limit_ > before) try_again_too_large();
  try_again_without_room();
  write_stale();
}

// Without what could be evicted.
std::size_t UnwindTables::bytes_in_use() const {
  std::size_t bytes = arena_->used_bytes();
  for (const auto& [key, table] : tables_) {
    if (table->state == State::ready && table->users == 0) bytes -= table->bytes;
  }
  return bytes;
}

std::size_t UnwindTables::mappings_share() const {
  return limit_ / kMappingsShare;
}

bool UnwindTables::make_room(std::size_t bytes) {
  while (arena_->used_bytes() - leaving_ + bytes > limit_) {
    if (!evict_one()) return false;
  }
  return true;
}

// Of the tables that no process maps, the one that has been so for longest.
bool UnwindTables::evict_one() {
  Table* oldest = nullptr;
  for (const auto& [key, table] : tables_) {
    if (table->state != State::ready || table->users != 0) continue;
    if (!oldest || table->used < oldest->used) oldest = table.get();
  }
  if (!oldest) return false;
  free_table(*arena_, oldest->written);
  tables_.erase(std::string(oldest->key));
  ++counts_.evicted;
  return true;
}

// The limit was lowered below what is in use: takes away the tables that came last.
void UnwindTables::degrade() {
  std::vector<Table*> ready;
  for (const auto& [key, table] : tables_) {
    if (table->state == State::ready) ready.push_back(table.get());
  }
  std::ranges::sort(ready, std::greater(), &Table::tried);
  std::size_t used = arena_->used_bytes();
  std::vector<WrittenTable> unwanted;
  for (Table* table : ready) {
    if (used <= limit_) break;
    used -= std::min(used, table->bytes);
    leaving_ += table->bytes;
    table->state = State::no_room;
    unwanted.push_back(std::exchange(table->written, {}));
    mark_stale(*table);
    ++counts_.evicted;
  }
  write_stale();
  for (WrittenTable& written : unwanted) free_table(*arena_, written);
  leaving_ = 0;
}

void UnwindTables::try_again_without_room() {
  auto waits = [](const auto& entry) {
    return entry.second->state == State::no_room && entry.second->users != 0;
  };
  if (std::ranges::none_of(tables_, waits)) return;
  std::size_t used = bytes_in_use() + mappings_share();
  for (const auto& entry : tables_) {
    Table* table = entry.second.get();
    if (!waits(entry) || used + table->bytes > limit_) continue;
    // The kernel had no memory: it is not asked at every turn.
    if (!table->error.empty() && now() - table->tried <= kRetry) continue;
    used += table->bytes;
    table->state = State::pending;
    mark_stale(*table);
  }
}

// Its file was not read to the end: nobody knows how much is enough.
void UnwindTables::try_again_too_large() {
  for (const auto& [key, table] : tables_) {
    if (table->state != State::none || table->why != NoTable::too_large) continue;
    table->state = State::pending;
    mark_stale(*table);
  }
}

// ---- processes ----

Result<> UnwindTables::set_process(User user, std::uint32_t pid, std::uint64_t seen,
                                   const MappingTable& mappings) {
  std::lock_guard lock(mutex_);
  Process& process = processes_[pid];
  if (std::ranges::find(process.users, user) == process.users.end()) process.users.push_back(user);
  if (seen < process.seen) return {};
  process.seen = seen;
  auto resolved = resolve(mappings);
  auto same = [](const Mapped& a, const Mapped& b) {
    return a.start == b.start && a.limit == b.limit && a.offset == b.offset && a.table == b.table;
  };
  bool changed = !std::ranges::equal(process.mappings, resolved, same);
  std::swap(process.mappings, resolved);
  release(resolved);
  if (!changed && process.registered && !process.stale) return {};
  if (changed) try_again_without_room();
  return write(pid, process);
}

void UnwindTables::drop_process(User user, std::uint32_t pid) {
  std::lock_guard lock(mutex_);
  auto process = processes_.find(pid);
  if (process == processes_.end()) return;
  std::erase(process->second.users, user);
  if (!process->second.users.empty()) return;
  forget(process);
  try_again_without_room();
}

void UnwindTables::forget(std::map<std::uint32_t, Process>::iterator process) {
  auto& [pid, gone] = *process;
  if (gone.registered) arena_->drop_process(pid);
  if (gone.object != 0) arena_->free(gone.object);
  release(gone.mappings);
  processes_.erase(process);
}

std::vector<UnwindTables::Mapped> UnwindTables::resolve(const MappingTable& mappings) {
  std::vector<Mapped> resolved;
  resolved.reserve(mappings.size());
  for (const ProcessMapping& mapping : mappings.all()) {
    Table* table = table_of(mapping.module);
    if (table) ++table->users;
    resolved.push_back({mapping.start, mapping.limit, mapping.offset, mapping.module, table});
  }
  return resolved;
}

UnwindTables::Table* UnwindTables::table_of(const ModulePtr& module) {
  std::string key = key_of(*module);
  if (key.empty()) return nullptr;
  auto& table = tables_[key];
  if (!table) {
    table = std::make_unique<Table>();
    table->key = std::move(key);
    table->module = module;
    return table.get();
  }
  // Another process may be able to show what the last one could not.
  bool transient =
      table->why == NoTable::gone || table->why == NoTable::unreadable || table->why == NoTable::hung;
  if (table->state == State::none && transient && now() - table->tried > kRetry) {
    table->state = State::pending;
    mark_stale(*table);
  }
  return table.get();
}

void UnwindTables::release(std::vector<Mapped>& mappings) {
  for (Mapped& mapped : mappings) {
    Table* table = mapped.table;
    if (!table || --table->users != 0) continue;
    table->used = ++uses_;
    // Only what was made is worth keeping.
    if (table->state != State::ready && !table->loading) tables_.erase(std::string(table->key));
  }
  mappings.clear();
}

void UnwindTables::want(std::uint32_t pid) {
  std::lock_guard lock(mutex_);
  auto process = processes_.find(pid);
  if (process == processes_.end()) return;
  for (const Mapped& mapped : process->second.mappings) {
    if (mapped.table && mapped.table->state == State::pending) ++mapped.table->wanted;
  }
}

// ---- what the kernel sees of a process ----

Result<> UnwindTables::write(std::uint32_t pid, Process& process) {
  std::vector<unwind_mapping> mappings;
  mappings.reserve(process.mappings.size());
  for (const Mapped& mapped : process.mappings) {
    unwind_mapping made{.start = mapped.start, .limit = mapped.limit, .kind = UNWIND_MAPPING_FRAME_POINTERS};
    if (const Table* table = mapped.table) {
      if (table->state == State::pending) made.kind = UNWIND_MAPPING_PENDING;
      if (table->state == State::no_room) made.kind = UNWIND_MAPPING_NO_ROOM;
      if (table->state == State::ready) {
        made.kind = UNWIND_MAPPING_TABLE;
        made.bias = mapped.start - (address_in_file(table->code, mapped.offset) - table->written.base);
        made.pages = table->written.pages;
        made.page_count = table->written.count;
        made.page_bits = table->written.page_bits;
      }
    }
    unwind_mapping* last = mappings.empty() ? nullptr : &mappings.back();
    // Code made at run time comes in many pieces.
    if (last && last->limit == made.start && last->kind == made.kind && last->pages == made.pages &&
        last->bias == made.bias) {
      last->limit = made.limit;
      continue;
    }
    if (mappings.size() == kMostMappings) break;
    mappings.push_back(made);
  }
  auto done = put(pid, process, mappings);
  process.stale = false;
  if (done) return done;
  ++counts_.refused_processes;
  if (std::exchange(process.registered, false)) arena_->drop_process(pid);
  if (process.object != 0) arena_->free(std::exchange(process.object, 0));
  process.object_bytes = 0;
  return done;
}

Result<> UnwindTables::put(std::uint32_t pid, Process& process, const std::vector<unwind_mapping>& mappings) {
  std::uint32_t object = 0;
  if (!mappings.empty()) {
    auto bytes = std::as_bytes(std::span(mappings));
    // What it replaces goes at once.
    std::size_t more = bytes.size() - std::min(bytes.size(), process.object_bytes);
    if (more != 0 && !make_room(more)) return fail("unwind process {}: no room for its mappings", pid);
    auto address = arena_->alloc(mappings.size() * kMappingWords);
    if (!address) return fail(address.error());
    object = *address;
    if (auto written = arena_->write(object, bytes); !written) {
      arena_->free(object);
      return written;
    }
  }
  auto set = arena_->set_process(pid, {object, static_cast<std::uint32_t>(mappings.size())});
  if (!set) {
    if (object != 0) arena_->free(object);
    return set;
  }
  process.registered = true;
  if (process.object != 0) arena_->free(process.object);
  process.object = object;
  process.object_bytes = mappings.size() * sizeof mappings[0];
  return {};
}

void UnwindTables::mark_stale(const Table& table) {
  for (auto& [pid, process] : processes_) {
    if (process.stale) continue;
    process.stale =
        std::ranges::any_of(process.mappings, [&](const Mapped& mapped) { return mapped.table == &table; });
  }
}

void UnwindTables::write_stale() {
  for (auto& [pid, process] : processes_) {
    if (!process.stale) continue;
    // One that finds no room is counted, and not registered any more.
    auto written = write(pid, process);
    static_cast<void>(written);
  }
  arena_->end_writing();
}

// ---- making tables ----

bool UnwindTables::load(MonoTime until) {
  std::unique_lock lock(mutex_);
  Table* table = nullptr;
  while ((table = next_to_load()) != nullptr) {
    table->loading = true;
    auto ways = mapped_by(*table);
    std::size_t byte_limit = limit_ * kMakingFactor;
    lock.unlock();
    TableFile file = read_table_file(*reads_, ways, byte_limit);
    lock.lock();
    table->loading = false;
    install(*table, std::move(file));
    if (table->users == 0 && table->state != State::ready) tables_.erase(std::string(table->key));
    if (now() >= until) break;
  }
  write_stale();
  return next_to_load() != nullptr;
}

UnwindTables::Table* UnwindTables::next_to_load() {
  Table* next = nullptr;
  for (const auto& [key, table] : tables_) {
    if (table->state != State::pending || table->loading) continue;
    if (!next || std::pair(table->wanted, table->users) > std::pair(next->wanted, next->users))
      next = table.get();
  }
  return next;
}

std::vector<MappedBy> UnwindTables::mapped_by(const Table& table) const {
  std::vector<MappedBy> ways;
  for (const auto& [pid, process] : processes_) {
    auto mapped = std::ranges::find(process.mappings, &table, &Mapped::table);
    if (mapped == process.mappings.end()) continue;
    ways.push_back({pid, mapped->start, mapped->limit, mapped->module});
    if (ways.size() == kMostWays) return ways;
  }
  if (ways.empty()) ways.push_back({.pid = 0, .module = table.module});
  return ways;
}

void UnwindTables::install(Table& table, TableFile file) {
  table.tried = now();
  table.rows = file.table.rows();
  table.code = std::move(file.code);
  table.error = std::move(file.error);
  table.why = file.why;
  table.wanted = 0;
  mark_stale(table);
  if (file.why != NoTable::none) {
    table.state = State::none;
    ++counts_.failed[static_cast<std::size_t>(file.why)];
    return;
  }
  table.bytes = written_bytes(file.table);
  // What is not in use stays where that would not make room enough.
  std::size_t needed = table.bytes + mappings_share();
  if (bytes_in_use() + needed > limit_ || !make_room(needed)) {
    table.state = State::no_room;
    return;
  }
  std::size_t before = arena_->used_bytes();
  auto written = write_table(*arena_, file.table);
  if (!written) {
    table.state = State::no_room;
    table.error = written.error().message;
    return;
  }
  table.written = std::move(*written);
  table.bytes = arena_->used_bytes() - before;
  table.state = State::ready;
  table.used = ++uses_;
  ++counts_.loaded;
}

// ---- what others see ----

UnwindStats UnwindTables::stats() const {
  std::lock_guard lock(mutex_);
  UnwindStats stats = counts_;
  for (const auto& [key, table] : tables_) {
    if (table->state == State::ready) ++stats.tables;
    if (table->state == State::pending) ++stats.pending;
    if (table->state == State::no_room) ++stats.no_room;
  }
  stats.processes = processes_.size();
  stats.users = limits_.size();
  stats.bytes = arena_->used_bytes();
  stats.byte_limit = limit_;
  stats.kernel_bytes = arena_->bytes();
  stats.refused_rules = arena_->refused_rules();
  return stats;
}

std::vector<UnwindTableInfo> UnwindTables::tables() const {
  std::lock_guard lock(mutex_);
  std::vector<UnwindTableInfo> infos;
  infos.reserve(tables_.size());
  for (const auto& [key, table] : tables_) {
    UnwindTableInfo info{.file = table->module->path,
                         .build_id = table->module->build_id,
                         .rows = table->state == State::ready ? table->rows : 0,
                         .bytes = table->state == State::ready ? table->bytes : 0,
                         .processes = table->users,
                         .error = table->error};
    if (table->state == State::pending) info.error = "waiting to be read";
    if (table->state == State::no_room && info.error.empty()) info.error = "no room within the memory limit";
    if (table->why == NoTable::no_eh_frame) info.error = "the file has no unwind information";
    infos.push_back(std::move(info));
  }
  return infos;
}

}  // namespace weir::profiler
