#include <doctest/doctest.h>

#include <random>

#include "profiler/process/module.h"
#include "profiler/process/proc_files.h"
#include "profiler/sampler.h"

namespace weir::profiler {

namespace {

ModulePtr module_named(const char* path) {
  return std::make_shared<Module>(Module{.path = path});
}

}  // namespace

TEST_CASE("a new mapping replaces what it covers") {
  auto a = module_named("/a");
  auto b = module_named("/b");
  MappingTable table;
  table.insert({0x1000, 0x5000, 0x100, a});
  table.insert({0x2000, 0x3000, 0, b});
  REQUIRE(table.size() == 3);
  CHECK(table.find(0x0fff) == nullptr);
  CHECK(table.find(0x1fff)->module == a);
  CHECK(table.find(0x2000)->module == b);
  CHECK(table.find(0x3000)->module == a);
  CHECK(table.find(0x3000)->offset == 0x100 + 0x2000);
  CHECK(table.find(0x5000) == nullptr);
  table.insert({0, 0x6000, 0, b});
  CHECK(table.size() == 1);
  table.insert({0x10, 0x10, 0, a});
  CHECK(table.size() == 1);
}

TEST_CASE("mappings stay sorted and apart, and the last one stands") {
  constexpr std::uint64_t kSpace = 64;
  std::mt19937 random(1);
  MappingTable table;
  std::vector<ModulePtr> expected(kSpace);
  for (int i = 0; i < 2000; ++i) {
    std::uint64_t start = random() % kSpace;
    std::uint64_t limit = start + random() % (kSpace - start + 1);
    auto module = module_named("/x");
    table.insert({start, limit, start, module});
    for (std::uint64_t at = start; at < limit; ++at) expected[at] = module;
    for (std::uint64_t at = 0; at < kSpace; ++at) {
      const auto* found = table.find(at);
      REQUIRE((found ? found->module : nullptr) == expected[at]);
      if (found) REQUIRE(at - found->start + found->offset == at);
    }
  }
}

TEST_CASE("lines of /proc/PID/maps") {
  auto file =
      parse_maps_line("55d0-55ff r-xp 00002000 fe:01 326269                     /usr/lib/a b.so (deleted)");
  REQUIRE(file);
  CHECK(file->start == 0x55d0);
  CHECK(file->limit == 0x55ff);
  CHECK(file->offset == 0x2000);
  CHECK(file->inode == 326269);
  CHECK(file->executable);
  CHECK(file->path == "/usr/lib/a b.so");
  auto anonymous = parse_maps_line("7f00-7f10 rw-p 00000000 00:00 0 ");
  REQUIRE(anonymous);
  CHECK(anonymous->path.empty());
  CHECK_FALSE(anonymous->executable);
  for (const char* bad :
       {"", "x", "1-", "1-2", "1-2 r", "1-2 r-xp", "1-2 r-xp 0 0", "1-2 r-xp 0 0:0", "1-2 r-xp 0 0:0 x"}) {
    CAPTURE(std::string(bad));
    CHECK_FALSE(parse_maps_line(bad));
  }
}

TEST_CASE("start times count from the last parenthesis") {
  auto life = parse_life("1 (a) b) c) S 12 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 3 0 4711 2 3");
  REQUIRE(life);
  CHECK(life->start_time == 4711);
  CHECK(life->threads == 3);
  CHECK(life->parent == 12);
  CHECK(life->state == 'S');
  CHECK(!parse_life("1 (a) S 1 2"));
  CHECK(!parse_life("1 (a) S 1 1 1 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 3"));
  CHECK(!parse_life("1 (a)"));
  CHECK(!parse_life(""));
}

TEST_CASE("lists of CPUs") {
  CHECK(parse_cpu_list("0-2,5,7-8\n") == std::vector{0, 1, 2, 5, 7, 8});
  CHECK(parse_cpu_list("0\n") == std::vector{0});
  CHECK(parse_cpu_list("a").empty());
  CHECK(parse_cpu_list("0-").empty());
  CHECK(parse_cpu_list("0-99999999999").empty());
}

}  // namespace weir::profiler
