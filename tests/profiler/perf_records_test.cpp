#include "profiler/process/perf_records.h"

#include <doctest/doctest.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include <cstring>
#include <string>
#include <vector>

namespace weir::profiler {

namespace {

// Writes records as the kernel does.
class Writer {
 public:
  template <class T>
  Writer& put(T value) {
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    return *this;
  }
  Writer& text(std::string_view text) {
    bytes_.append(text);
    bytes_.append(8 - text.size() % 8, '\0');
    return *this;
  }
  Writer& raw(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }
  // With its header, and {pid, tid, time} behind it.
  std::string record(std::uint32_t type, std::uint16_t misc, std::uint64_t time) {
    put(std::uint32_t{7}).put(std::uint32_t{7}).put(time);
    perf_event_header header{type, misc, static_cast<std::uint16_t>(bytes_.size() + sizeof header)};
    return std::string(reinterpret_cast<const char*>(&header), sizeof header) + bytes_;
  }

 private:
  std::string bytes_;
};

std::string map_record(std::string_view path, std::string_view build_id, std::uint64_t time) {
  Writer out;
  out.put<std::uint32_t>(7).put<std::uint32_t>(8);
  out.put<std::uint64_t>(0x1000).put<std::uint64_t>(0x2000).put<std::uint64_t>(0x3000);
  if (build_id.empty()) {
    out.put<std::uint32_t>(8).put<std::uint32_t>(1).put<std::uint64_t>(99).put<std::uint64_t>(0);
  } else {
    std::string padded(build_id);
    padded.resize(20);
    out.put(static_cast<std::uint8_t>(build_id.size()))
        .put<std::uint8_t>(0)
        .put<std::uint16_t>(0)
        .raw(padded);
  }
  out.put<std::uint32_t>(PROT_READ | PROT_EXEC).put<std::uint32_t>(MAP_PRIVATE).text(path);
  return out.record(PERF_RECORD_MMAP2, build_id.empty() ? 0 : 1 << 14, time);
}

std::vector<ProcessEvent> parse(std::string_view bytes, bool expected = true) {
  std::vector<ProcessEvent> events;
  CHECK(parse_perf_records(bytes, [&](ProcessEvent event) { events.push_back(std::move(event)); }) ==
        expected);
  return events;
}

}  // namespace

TEST_CASE("mappings with and without build ids") {
  auto events = parse(map_record("/usr/bin/app", "", 5) + map_record("/lib/x.so", "\x01\xab", 6));
  REQUIRE(events.size() == 2);
  const auto& plain = std::get<MapEvent>(events[0].what);
  CHECK(events[0].pid == 7);
  CHECK(events[0].tid == 8);
  CHECK(events[0].time == 5);
  CHECK(plain.start == 0x1000);
  CHECK(plain.limit == 0x3000);
  CHECK(plain.offset == 0x3000);
  CHECK(plain.device == makedev(8, 1));
  CHECK(plain.inode == 99);
  CHECK(plain.executable);
  CHECK(plain.path == "/usr/bin/app");
  CHECK(plain.build_id.empty());
  const auto& identified = std::get<MapEvent>(events[1].what);
  CHECK(identified.build_id == "01ab");
  CHECK(identified.inode == 0);
  CHECK(identified.path == "/lib/x.so");
}

TEST_CASE("comm, exec, fork, exit and lost records") {
  auto comm = [](std::uint16_t misc) {
    return Writer().put<std::uint32_t>(7).put<std::uint32_t>(8).text("name").record(PERF_RECORD_COMM, misc,
                                                                                    1);
  };
  auto task = [](std::uint32_t type) {
    Writer out;
    out.put<std::uint32_t>(9).put<std::uint32_t>(7).put<std::uint32_t>(9).put<std::uint32_t>(7);
    return out.put<std::uint64_t>(3).record(type, 0, 3);
  };
  auto lost = Writer().put<std::uint64_t>(1).put<std::uint64_t>(41).record(PERF_RECORD_LOST, 0, 4);
  auto ignored = Writer().put<std::uint64_t>(1).record(PERF_RECORD_THROTTLE, 0, 4);
  auto events = parse(comm(0) + comm(PERF_RECORD_MISC_COMM_EXEC) + task(PERF_RECORD_FORK) +
                      task(PERF_RECORD_EXIT) + ignored + lost);
  REQUIRE(events.size() == 5);
  CHECK(std::get<CommEvent>(events[0].what).comm == "name");
  CHECK(std::get<ExecEvent>(events[1].what).comm == "name");
  CHECK(std::get<ForkEvent>(events[2].what).parent == 7);
  CHECK(events[2].pid == 9);
  CHECK(std::holds_alternative<ExitEvent>(events[3].what));
  CHECK(std::get<LostEvent>(events[4].what).count == 41);
}

TEST_CASE("records that are cut or lie about their size") {
  std::string whole = map_record("/usr/bin/app", "", 5);
  for (std::size_t size = 1; size < whole.size(); ++size) CHECK(parse(whole.substr(0, size), false).empty());
  std::string zero = whole;
  zero[6] = zero[7] = 0;  // the size in its header
  CHECK(parse(zero, false).empty());
  // A record that ends within its fields, honest about its size.
  for (std::uint16_t size = 8; size < 80; size += 8) {
    std::string cut = whole.substr(0, size);
    std::memcpy(cut.data() + 6, &size, sizeof size);
    CHECK(parse(cut, size < 24).empty());
  }
  // A length beyond the end of the address space.
  std::string wide = whole;
  std::memset(wide.data() + 8 + 16, 0xff, 8);
  CHECK(std::get<MapEvent>(parse(wide).at(0).what).limit == ~std::uint64_t{0});
}

}  // namespace weir::profiler
