#include "profiler/unwind/unwind_tables.h"

#include <bpf/bpf.h>
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "base/file_system.h"
#include "profiler/machine.h"
#include "tests/profiler/root/world.h"
#include "tests/support/temp_dir.h"
#include "tests/unwind/eh_frame_image.h"

namespace weir::profiler::test {

namespace {

using User = UnwindTables::User;

void put_number(std::vector<std::uint8_t>& data, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) data.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

// Call frame information of functions that lie one after the other, with a row each byte.
std::vector<std::uint8_t> frames_of(std::size_t functions, std::uint32_t rows) {
  const std::uint8_t cie[] = {1,    'z', 'R', 0, 1, 0x78, 16, 1, 0x1b,  // version, augmentation, factors, ra
                              0x0c, 7,   16,                            // CFA: stack pointer + 16
                              0x90, 1};                                 // ra at CFA - 8
  std::vector<std::uint8_t> data;
  put_number(data, sizeof cie + 4, 4);
  put_number(data, 0, 4);
  data.insert(data.end(), std::begin(cie), std::end(cie));
  for (std::size_t i = 0; i < functions; ++i) {
    put_number(data, 4 + 4 + 4 + 1 + 3 * rows, 4);
    put_number(data, data.size(), 4);  // back to the CIE, which is the first
    std::uint64_t start = kCode + i * (rows + 1);
    put_number(data, start - (kFrame + data.size()), 4);
    put_number(data, rows + 1, 4);
    data.push_back(0);
    // One byte on, CFA: stack pointer + 8, 16, 8, …
    for (std::uint32_t row = 0; row < rows; ++row)
      data.insert(data.end(), {0x41, 0x0e, static_cast<std::uint8_t>(8 << (row % 2))});
  }
  return data;
}

// Files of one size, and processes that are mere numbers: a file is found in our own root.
class World {
 public:
  explicit World(std::size_t limit) : tables(std::move(*Arena::open()), WatchedReads::create()) {
    user = tables.join(limit);
  }

  ModulePtr file(const std::string& name, std::size_t functions = 100) {
    ModulePtr& module = files_[name];
    if (module) return module;
    std::string path = dir_.path() / name;
    auto written = write_file_atomically(path, image_around(frames_of(functions, 100), Found::by_section));
    REQUIRE(written);
    struct stat status{};
    REQUIRE(stat(path.c_str(), &status) == 0);
    module = std::make_shared<const Module>(
        Module{.path = path, .build_id = "", .device = status.st_dev, .inode = status.st_ino});
    return module;
  }

  // A process that maps the files. All that can be read is read.
  void run(std::uint32_t pid, const std::vector<std::string>& names, User by = 0) {
    MappingTable mappings;
    std::uint64_t start = 0x400000;
    for (const std::string& name : names) {
      mappings.insert({start, start + kCodeSize, 0, file(name)});
      start += 2 * kCodeSize;
    }
    CHECK(tables.set_process(by == 0 ? user : by, pid, ++seen_, mappings));
    load();
  }
  void end(std::uint32_t pid) {
    tables.drop_process(user, pid);
    load();
  }
  void load() {
    holds();
    while (tables.load(MonoTime::max())) continue;
    holds();
  }
  void holds() const {
    UnwindStats stats = tables.stats();
    CHECK(stats.bytes <= stats.byte_limit);
  }

  // Names of the files that have a table.
  std::string ready() const {
    std::string all;
    for (const auto& [name, module] : files_) {
      for (const UnwindTableInfo& info : tables.tables())
        all += info.file == module->path && info.rows ? name : "";
    }
    return all;
  }
  std::string error(const std::string& name) {
    for (const UnwindTableInfo& info : tables.tables()) {
      if (info.file == file(name)->path) return info.error;
    }
    return "unknown";
  }

  // As a program in the kernel sees a process' only mapping; 0: it does not know the process.
  int kind(std::uint32_t pid) const {
    UnwindMaps maps = tables.maps();
    std::uint64_t word = 0;
    if (bpf_map_lookup_elem(maps.processes, &pid, &word) != 0) return 0;
    std::uint32_t address = UNWIND_PROCESS_MAPPINGS(word);
    std::uint32_t segment = address / UNWIND_SEGMENT_WORDS;
    std::uint32_t id = 0, zero = 0;
    REQUIRE(bpf_map_lookup_elem(maps.segments, &segment, &id) == 0);
    Fd map(bpf_map_get_fd_by_id(id));
    std::vector<std::uint32_t> words(UNWIND_SEGMENT_WORDS);
    REQUIRE(bpf_map_lookup_elem(map.get(), &zero, words.data()) == 0);
    unwind_mapping mapping{};
    std::memcpy(&mapping, &words[address % UNWIND_SEGMENT_WORDS], sizeof mapping);
    return mapping.kind;
  }

  UnwindTables tables;
  User user = 0;

 private:
  tests::TempDir dir_;
  std::map<std::string, ModulePtr> files_;
  std::uint64_t seen_ = 0;
};

constexpr std::size_t kPlenty = 64u << 20;
constexpr std::size_t kSlack = 4096;

// Of one of the files.
std::size_t table_bytes() {
  static const std::size_t bytes = [] {
    World world(kPlenty);
    world.run(1, {"a"});
    return world.tables.tables().at(0).bytes;
  }();
  REQUIRE(bytes > 10'000 * sizeof(std::uint32_t));
  return bytes;
}

// Room for as many tables, some mappings, and what is kept free for the mappings of who comes yet.
std::size_t limit_for(std::size_t tables) {
  return tables * table_bytes() * 16 / 15 + kSlack;
}

}  // namespace

TEST_CASE("of the unwind tables that nobody uses the one used last goes last") {
  if (skip("of the unwind tables that nobody uses the one used last goes last")) return;
  World world(limit_for(3));
  world.run(1, {"a"});
  world.run(2, {"b"});
  world.run(3, {"c"});
  for (std::uint32_t pid : {1, 2, 3}) world.end(pid);
  CHECK(world.ready() == "abc");  // they stay, should somebody come again
  world.run(4, {"a"});
  world.end(4);
  CHECK(world.tables.stats().loaded == 3);
  world.run(5, {"d"});
  CHECK(world.ready() == "acd");
  world.run(6, {"e"});
  CHECK(world.ready() == "ade");
  CHECK(world.tables.stats().evicted == 2);
  CHECK(world.kind(5) == UNWIND_MAPPING_TABLE);
  CHECK(world.kind(3) == 0);
}

TEST_CASE("a table without room is told as such, and made when there is room again") {
  if (skip("a table without room is told as such, and made when there is room again")) return;
  World world(limit_for(2));
  world.run(1, {"a"});
  world.run(2, {"b"});
  world.run(3, {"c"});
  CHECK(world.ready() == "ab");
  CHECK(world.tables.stats().no_room == 1);
  CHECK(world.error("c") == "no room within the memory limit");
  CHECK(world.kind(3) == UNWIND_MAPPING_NO_ROOM);
  CHECK(world.tables.stats().evicted == 0);
  SUBCASE("a process ends") {
    world.end(1);
  }
  SUBCASE("a process runs another program") {
    world.run(1, {"b"});
  }
  SUBCASE("the limit is raised") {
    world.tables.set_limit(world.user, limit_for(3));
  }
  world.load();
  CHECK(world.ready().ends_with("bc"));
  CHECK(world.tables.stats().no_room == 0);
  CHECK(world.kind(3) == UNWIND_MAPPING_TABLE);
}

TEST_CASE("a process that comes when tables have filled the limit gets its mappings") {
  if (skip("a process that comes when tables have filled the limit gets its mappings")) return;
  World world(4 * table_bytes() + 4 * sizeof(unwind_mapping));
  world.run(1, {"a", "b", "c", "d"});
  CHECK(world.tables.stats().no_room == 1);
  world.run(2, {"a", "b", "c"});
  CHECK(world.kind(2) != 0);
  CHECK(world.tables.stats().refused_processes == 0);
}

TEST_CASE("a table that is too large for the limit costs the others nothing") {
  if (skip("a table that is too large for the limit costs the others nothing")) return;
  World world(4 * table_bytes());
  world.run(1, {"a"});
  world.end(1);
  world.run(3, {"b", "c"});
  (void)world.file("d", 250);
  world.run(2, {"d"});
  CAPTURE(world.error("d"));
  CHECK(world.kind(2) == UNWIND_MAPPING_NO_ROOM);
  CHECK(world.ready() == "abc");  // to give it up would not make room enough
}

TEST_CASE("a lower limit takes away what came last, a higher one brings it back") {
  if (skip("a lower limit takes away what came last, a higher one brings it back")) return;
  World world(kPlenty);
  world.run(1, {"a"});
  world.run(2, {"b"});
  world.run(3, {"c"});
  world.run(4, {"d"});
  world.end(4);
  world.tables.set_limit(world.user, limit_for(1));
  world.holds();
  CHECK(world.ready() == "a");
  CHECK(world.tables.stats().evicted == 3);
  CHECK(world.kind(1) == UNWIND_MAPPING_TABLE);
  CHECK(world.kind(2) == UNWIND_MAPPING_NO_ROOM);
  CHECK(world.kind(3) == UNWIND_MAPPING_NO_ROOM);
  world.load();
  CHECK(world.ready() == "a");
  world.tables.set_limit(world.user, kPlenty);
  CHECK(world.kind(2) == UNWIND_MAPPING_PENDING);
  world.load();
  CHECK(world.ready() == "abc");
  for (std::uint32_t pid : {1, 2, 3}) CHECK(world.kind(pid) == UNWIND_MAPPING_TABLE);
}

TEST_CASE("of several users' limits the largest holds") {
  if (skip("of several users' limits the largest holds")) return;
  World world(limit_for(2));
  User small = world.tables.join(limit_for(1));
  CHECK(world.tables.is_first(world.user));
  CHECK_FALSE(world.tables.is_first(small));
  world.run(1, {"a"});
  world.run(1, {"a"}, small);
  world.run(2, {"b"}, small);
  CHECK(world.ready() == "ab");
  CHECK(world.tables.stats().users == 2);
  world.tables.leave(world.user);
  world.holds();
  CHECK(world.tables.is_first(small));
  CHECK(world.ready() == "a");
  CHECK(world.kind(1) == UNWIND_MAPPING_TABLE);  // the other user wants it still
  CHECK(world.kind(2) == UNWIND_MAPPING_NO_ROOM);
  world.tables.leave(small);
  CHECK(world.tables.stats().bytes == 0);
  CHECK(world.kind(1) == 0);
}

TEST_CASE("three million rows lie in the kernel, or are refused for their size") {
  if (skip("three million rows lie in the kernel, or are refused for their size")) return;
  constexpr std::size_t kFunctions = 30'000;
  World world(16u << 20);
  (void)world.file("large", kFunctions);
  world.run(1, {"large"});
  UnwindTableInfo large = world.tables.tables().at(0);
  CHECK(large.error.empty());
  CHECK(large.rows >= kFunctions * 100);
  CHECK(large.bytes >= large.rows * sizeof(std::uint32_t));
  // A page has 32 rows or more on average.
  CHECK(large.bytes <
        large.rows * sizeof(std::uint32_t) + large.rows / 32 * sizeof(unwind_page) + (64u << 10));
  CHECK(world.kind(1) == UNWIND_MAPPING_TABLE);
  // Enough to make it, not to keep it.
  world.tables.set_limit(world.user, 8u << 20);
  world.load();
  CHECK(world.kind(1) == UNWIND_MAPPING_NO_ROOM);
  // Not even that.
  world.end(1);
  world.tables.set_limit(world.user, 1u << 20);
  world.run(2, {"large"});
  CAPTURE(world.error("large"));
  CHECK(world.error("large").contains("more than 4194304"));
  CHECK(world.tables.stats().failed[static_cast<std::size_t>(NoTable::too_large)] == 1);
  CHECK(world.kind(2) == UNWIND_MAPPING_FRAME_POINTERS);
  world.tables.set_limit(world.user, 16u << 20);
  world.load();
  CHECK(world.kind(2) == UNWIND_MAPPING_TABLE);
}

TEST_CASE("what sessions share adds up, whoever is asked") {
  if (skip("what sessions share adds up, whoever is asked")) return;
  auto opened = Machine::shared();
  REQUIRE(opened);
  Machine& machine = **opened;
  UnwindTables& tables = machine.unwind_tables();
  User first = tables.join(kPlenty);
  User second = tables.join(kPlenty);
  (void)machine.report(first);
  MappingTable mappings;
  mappings.insert({0x1000, 0x2000, 0, std::make_shared<const Module>(Module{"/no/such/file", "", 1, 1})});
  REQUIRE(tables.set_process(first, 1'000'000'000, 1, mappings));
  while (tables.load(MonoTime::max())) continue;
  MachineReport one = machine.report(second);
  MachineReport other = machine.report(first);
  MachineReport again = machine.report(second);
  CHECK(one.all.unwinding.byte_limit == kPlenty);
  CHECK(one.share.unwinding.byte_limit == 0);
  CHECK(other.share.unwinding.byte_limit == kPlenty);
  auto gone = [](const MachineStats& stats) {
    return stats.unwinding.failed[static_cast<std::size_t>(NoTable::gone)];
  };
  CHECK(gone(one.share) == 1);
  for (const MachineReport* later : {&other, &again}) {
    CHECK(gone(later->all) == gone(one.all));
    CHECK(gone(later->share) == 0);
  }
  tables.leave(first);
  CHECK(machine.report(second).share.unwinding.byte_limit == kPlenty);
  tables.leave(second);
}

}  // namespace weir::profiler::test
