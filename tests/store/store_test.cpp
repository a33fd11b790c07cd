#include "store/store.h"

#include <atomic>
#include <thread>

#include "store/record.h"
#include "store/segment_log.h"
#include "support.h"

namespace weir::store {
namespace {

TEST_CASE("processes of one service are one series: their own labels are not kept") {
  TempFolder folder;
  auto store = open_store(folder.path());
  for (int pid = 1; pid <= 3; ++pid) {
    profile::Profile p = profile_of("checkout", pid * 15);
    auto pairs = p.labels.pairs();
    pairs.emplace_back("__process_pid__", std::to_string(pid));
    p.labels = profile::Labels(std::move(pairs));
    append(*store, p);
  }
  CHECK(store->services({at(0), at(1000)}).size() == 1);
  auto merged = store->merge(everything("checkout"));
  REQUIRE(merged.has_value());
  CHECK(merged->labels == profile_of("checkout", 0).labels);
}

TEST_CASE("values of several kinds under one name are told apart") {
  TempFolder folder;
  auto store = open_store(folder.path());
  for (const char* kind : {"inuse_space", "alloc_space"}) {
    profile::Profile p = profile_of("checkout", 0);
    auto pairs = p.labels.pairs();
    pairs.emplace_back("__name__", "memory");
    p.labels = profile::Labels(std::move(pairs));
    p.type.sample_type = kind;
    p.type.sample_unit = "bytes";
    append(*store, p);
  }
  append(*store, profile_of("checkout", 0));
  std::int64_t one = profile_of("checkout", 0).total();
  auto services = store->services({at(0), at(1000)});
  REQUIRE(services.size() == 3);
  for (const ServiceSummary& summary : services) {
    CHECK(summary.total == one);
    Selection selection = everything("checkout");
    selection.profile_type = summary.profile_type;
    auto merged = store->merge(selection);
    REQUIRE(merged.has_value());
    CHECK(merged->total() == one);
  }
  CHECK(services[0].profile_type == "memory:alloc_space");
  CHECK(services[1].profile_type == "memory:inuse_space");
  CHECK(services[2].profile_type == "process_cpu");
}

TEST_CASE("what was appended is found, before and after reopening") {
  TempFolder folder;
  auto fill = [](Store& store, int from) {
    for (int i = from; i < from + 10; ++i) append(store, profile_of("checkout", i * 15));
    profile::Profile heavy = profile_of("billing", from * 15);
    for (profile::Sample& sample : heavy.samples) sample.value *= 100;
    append(store, heavy);
  };
  std::int64_t one = profile_of("checkout", 0).total();
  auto store = open_store(folder.path() / "made" / "here");
  CHECK(store->stats().profiles == 0);
  CHECK(store->stats().segments == 0);  // nothing is written before there is something to keep
  fill(*store, 0);
  for (int round = 0; round < 2; ++round) {
    CAPTURE(round);
    auto services = store->services({at(0), at(1000)});
    REQUIRE(services.size() == 2);
    CHECK(services[0].service == "billing");
    CHECK(services[1].service == "checkout");
    CHECK(services[1].profile_type == "process_cpu");
    CHECK(services[1].unit == "nanoseconds");
    CHECK(services[1].profiles == 10);
    CHECK(services[1].samples == 90);
    CHECK(services[1].total == 10 * one);
    CHECK(services[1].first == at(0));
    CHECK(services[1].last == at(135));

    auto merged = store->merge(everything("checkout"));
    REQUIRE(merged.has_value());
    CHECK(merged->total() == 10 * one);
    CHECK(merged->samples.size() == sample_profile().samples.size());
    CHECK(merged->stacks == sample_profile().stacks);
    CHECK(merged->frames == sample_profile().frames);
    CHECK(merged->start == at(0));
    CHECK(merged->duration == std::chrono::seconds(150));
    CHECK(merged->labels == profile_of("checkout", 0).labels);

    auto tree = store->flame(everything("checkout"), 100);
    REQUIRE(tree.has_value());
    CHECK(tree->total() == 10 * one);
    CHECK(tree->samples() == 90);
    CHECK(tree->complete_samples() == 60);

    auto points = store->series(everything("checkout"), std::chrono::seconds(30));
    REQUIRE(points.size() == 6);  // 1700000000 is 20 seconds into a step of 30
    CHECK(points[0].time == at(-20));
    CHECK(points[0].value == one);
    CHECK(points[1].value == 2 * one);
    store.reset();
    store = open_store(folder.path() / "made" / "here");
  }
  fill(*store, 10);  // goes on in the same segment
  CHECK(store->stats().segments == 1);
  store.reset();
  store = open_store(folder.path() / "made" / "here");
  CHECK(store->merge(everything("checkout"))->total() == 20 * one);
}

TEST_CASE("which profiles a selection means") {
  TempFolder folder;
  auto store = open_store(folder.path());
  profile::Profile other_host = profile_of("checkout", 10);
  other_host.labels = profile::Labels{{"service_name", "checkout"}, {"host", "b"}};  // the type names it
  profile::Profile memory = profile_of("checkout", 20);
  memory.type.name = "memory";
  memory.labels = profile::Labels{{"service_name", "checkout"}, {"__name__", "memory"}};
  for (const auto& p : {profile_of("checkout", 0), other_host, memory, profile_of("billing", 5)})
    append(*store, p);
  struct Row {
    const char* what;
    Selection selection;
    std::int64_t profiles;
  };
  TimeRange all{at(-1), at(1000)};
  const Row rows[] = {
      {"one service", {"checkout", "", {}, all}, 2},
      {"any service", {"", "process_cpu", {}, all}, 3},
      {"another type", {"checkout", "memory", {}, all}, 1},
      {"a label", {"checkout", "", {{"host", "b"}}, all}, 1},
      {"a label that is not there", {"checkout", "", {{"zone", "x"}}, all}, 0},
      {"an absent label", {"checkout", "", {{"zone", ""}}, all}, 2},
      {"the start is in the range, the end is not", {"checkout", "", {}, {at(0), at(10)}}, 1},
      {"nothing there", {"checkout", "", {}, {at(500), at(600)}}, 0},
      {"a range upside down", {"checkout", "", {}, {at(600), at(0)}}, 0},
  };
  std::int64_t one = profile_of("checkout", 0).total();
  for (const Row& row : rows) {
    CAPTURE(row.what);
    CHECK(store->merge(row.selection)->total() == row.profiles * one);
    CHECK(store->flame(row.selection, 10)->total() == row.profiles * one);
  }
  CHECK(store->merge(rows[0].selection)->labels == profile::Labels{{"service_name", "checkout"}});
}

TEST_CASE("how much has which value of a label") {
  TempFolder folder;
  auto store = open_store(folder.path());
  for (int i = 0; i < 3; ++i) append(*store, profile_of("checkout", i));
  auto other = profile_of("checkout", 3);
  other.labels = profile::Labels{{"service_name", "checkout"}, {"host", "b"}, {"__name__", "process_cpu"}};
  append(*store, other);
  auto nowhere = profile_of("billing", 4);
  nowhere.labels = profile::Labels{{"service_name", "billing"}};
  append(*store, nowhere);
  std::int64_t one = profile_of("", 0).total();
  struct Row {
    const char* label;
    std::vector<std::pair<std::string, std::int64_t>> shares;
  };
  const Row rows[] = {{"host", {{"a", 3}, {"", 1}, {"b", 1}}},
                      {"service_name", {{"checkout", 4}, {"billing", 1}}},
                      {"zone", {{"", 5}}}};
  for (const Row& row : rows) {
    CAPTURE(row.label);
    auto shares = store->breakdown({"", "", {}, {at(0), at(100)}}, row.label);
    REQUIRE(shares.size() == row.shares.size());
    for (std::size_t i = 0; i < shares.size(); ++i) {
      CHECK(shares[i].value == row.shares[i].first);
      CHECK(shares[i].total == row.shares[i].second * one);
      CHECK(shares[i].profiles == static_cast<std::uint64_t>(row.shares[i].second));
      CHECK(shares[i].samples == 9 * shares[i].profiles);
      CHECK(shares[i].unit == "nanoseconds");
    }
  }
  CHECK(store->breakdown({"checkout", "", {}, {at(0), at(2)}}, "host").at(0).profiles == 2);
}

TEST_CASE("profiles that come late stand where they belong") {
  TempFolder folder;
  auto store = open_store(folder.path());
  for (int seconds : {30, 0, 20, 10}) append(*store, profile_of("a", seconds));
  auto points = store->series(everything("a"), std::chrono::seconds(10));
  REQUIRE(points.size() == 4);
  for (const SeriesPoint& point : points) CHECK(point.value > 0);
}

TEST_CASE("a long range does not make more points than a page can draw") {
  TempFolder folder;
  auto store = open_store(folder.path());
  append(*store, profile_of("a", -900'000));
  append(*store, profile_of("a", 900'000));
  auto points = store->series(everything("a"), std::chrono::seconds(1));
  CHECK(points.size() <= 10'001);
  CHECK(points.front().value == points.back().value);
}

TEST_CASE("old profiles go, and their segments with them") {
  TempFolder folder;
  auto store = open_store(folder.path(), std::chrono::seconds(800));
  for (int i = 0; i < 100; ++i) append(*store, profile_of("a", i * 15));
  CHECK(store->stats().segments > 5);
  store->expire(at(1500));
  auto stats = store->stats();
  CHECK(stats.profiles == 53);  // 700 to 1485
  CHECK(stats.expired_age == 47);
  CHECK(files_ending(folder.path(), ".segment").size() == stats.segments);
  CHECK(stats.segments < 10);
  CHECK(store->services({at(0), at(2000)}).at(0).first == at(705));
  store->expire(at(10'000));
  CHECK(store->stats().profiles == 0);
  CHECK(store->stats().segments == 0);
  CHECK(store->stats().bytes == 0);
  append(*store, profile_of("a", 10'000));
  CHECK(store->stats().profiles == 1);
}

TEST_CASE("the store stays below its size, the oldest goes first") {
  TempFolder folder;
  constexpr std::uint64_t kLimit = 256 << 10;
  auto store = open_store(folder.path(), std::chrono::hours(100), kLimit);
  for (int i = 0; i < 8000; ++i) {
    append(*store, profile_of("service-" + std::to_string(i % 3), i));
    if (i % 100 == 0) CHECK(store->stats().bytes <= kLimit);
  }
  auto stats = store->stats();
  CHECK(stats.bytes <= kLimit);
  CHECK(stats.expired_bytes > 0);
  CHECK(stats.profiles + stats.expired_bytes == 8000);
  std::uint64_t on_disk = 0;
  for (const auto& file : files_ending(folder.path(), ".segment"))
    on_disk += std::filesystem::file_size(file);
  CHECK(on_disk == stats.bytes);
  CHECK(store->services({at(0), at(9000)}).at(0).last >= at(7997));
  store->set_limits({.retention = std::chrono::hours(100), .max_bytes = 100 << 10});
  store->expire(at(8000));
  CHECK(store->stats().bytes <= 100 << 10);
  store.reset();
  store = open_store(folder.path());
  CHECK(store->services({at(0), at(9000)}).size() == 3);
}

TEST_CASE("room is made for the first profile of a series too") {
  TempFolder folder;
  auto store = open_store(folder.path(), std::chrono::hours(100), 100 << 10);
  for (int i = 0; i < 1000; ++i) append(*store, profile_of("service-" + std::to_string(i), i));
  CHECK(store->stats().expired_bytes > 0);
  CHECK(store->stats().profiles + store->stats().expired_bytes == 1000);
  CHECK(store->services({at(0), at(2000)}).size() == store->stats().profiles);
}

TEST_CASE("a profile larger than the store may be is refused, and nothing else goes for it") {
  TempFolder folder;
  auto store = open_store(folder.path());
  append(*store, profile_of("a", 0));
  store->set_limits({.retention = std::chrono::hours(1), .max_bytes = 300});
  CHECK_FALSE(store->append(profile_of("a", 1)).has_value());
  CHECK(store->stats().write_errors == 1);
  CHECK(store->stats().profiles == 1);
}

TEST_CASE("old profiles become coarser, and their sums stay what they were") {
  TempFolder folder;
  Store::Limits limits{.retention = std::chrono::hours(1),
                       .max_bytes = 1 << 20,
                       .coarse_after = std::chrono::seconds(600),
                       .coarse_window = std::chrono::seconds(60)};
  auto store = Store::open({.path = folder.path(), .limits = limits}).value();
  constexpr int kWindows = 100;  // of 15 s; 1700000000 is 20 s into a minute
  for (int i = 0; i < kWindows; ++i) {
    append(*store, profile_of("checkout", i * 15));
    append(*store, profile_of("billing", i * 15));
  }
  auto before = store->merge(everything("checkout")).value();
  std::uint64_t bytes = store->stats().bytes;
  CHECK(store->stats().segments >= 5);  // so that some are old as a whole
  for (int i = 0; i < 10; ++i) store->expire(at(kWindows * 15));
  auto stats = store->stats();
  CHECK(stats.merged >= 60);
  CHECK(stats.profiles + stats.merged == 2 * kWindows);
  CHECK(stats.bytes < bytes);
  CHECK(stats.expired_age == 0);
  for (int round = 0; round < 2; ++round) {
    CAPTURE(round);
    auto after = store->merge(everything("checkout")).value();
    CHECK(after.samples == before.samples);
    CHECK(after.stacks == before.stacks);
    CHECK(after.frames == before.frames);
    CHECK(after.mappings == before.mappings);
    CHECK(after.start == before.start);
    CHECK(after.duration == before.duration);
    auto services = store->services({at(0), at(kWindows * 15)});
    REQUIRE(services.size() == 2);
    CHECK(services[0].samples == 9 * kWindows);
    // A minute has its four windows in one, the newest are as they were.
    Selection minute = everything("checkout");
    minute.range = {at(40), at(100)};
    CHECK(store->merge(minute)->duration == std::chrono::seconds(60));
    CHECK(store->merge(minute)->total() == 4 * profile_of("", 0).total());
    minute.range = {at(kWindows * 15 - 15), at(kWindows * 15)};
    CHECK(store->merge(minute)->duration == std::chrono::seconds(15));
    store.reset();
    store = Store::open({.path = folder.path(), .limits = limits}).value();
  }
  CHECK(store->stats().profiles == stats.profiles);
  for (int i = 0; i < 10; ++i) store->expire(at(kWindows * 15));
  CHECK(store->stats().merged == 0);  // nothing is left to do
  append(*store, profile_of("checkout", kWindows * 15));
  CHECK(store->merge(everything("checkout"))->total() == before.total() + profile_of("", 0).total());
}

TEST_CASE("a segment begins anew with what its profiles are made of") {
  TempFolder folder;
  auto store = open_store(folder.path(), std::chrono::seconds(80));
  std::int64_t one = profile_of("a", 0).total();
  for (int i = 0; i < 12; ++i) append(*store, profile_of("a", i * 5));
  CHECK(store->stats().segments > 3);
  CHECK(store->merge(everything("a"))->total() == 12 * one);
  std::filesystem::remove(files_ending(folder.path(), ".segment").at(0));
  store.reset();
  store = open_store(folder.path(), std::chrono::seconds(80));
  auto left = static_cast<std::int64_t>(store->stats().profiles);
  CHECK(left < 12);
  CHECK(store->merge(everything("a"))->total() == left * one);
  CHECK(store->stats().lost_corrupt == 0);
}

TEST_CASE("a series whose profiles have all expired goes on in a segment that still describes it") {
  TempFolder folder;
  auto store = open_store(folder.path());
  std::int64_t one = profile_of("a", 0).total();
  append(*store, profile_of("a", 0));
  append(*store, profile_of("b", 1000));
  store->expire(at(3700));
  CHECK(store->stats().profiles == 1);
  auto late = profile_of("a", 400);  // its clock is behind; the same segment takes it
  late.frames[1].address = 0x2001;
  append(*store, late);
  append(*store, profile_of("c", 1001));
  CHECK(store->stats().segments == 1);
  for (int round = 0; round < 3; ++round) {
    CAPTURE(round);
    for (const char* service : {"b", "c"}) CHECK(store->merge(everything(service))->total() == one);
    auto merged = store->merge(everything("a")).value();
    CHECK(merged.total() == (round + 1) * one);
    CHECK(std::ranges::any_of(merged.frames, [](const auto& frame) { return frame.address == 0x2001; }));
    CHECK(store->stats().lost_corrupt == 0);
    CHECK(store->stats().corrupt_segments == 0);
    store.reset();
    store = open_store(folder.path());
    late.start = at(401 + round);
    append(*store, late);
  }
  std::size_t described = 0;
  store.reset();
  auto log = SegmentLog::open({.path = folder.path()}, [&](Place, std::string_view head) {
    auto record = decode_head(head).value();
    described += std::holds_alternative<SeriesRecord>(record) ? 1 : 0;
  });
  CHECK(described == 3);
}

TEST_CASE("a series of which no profile was taken is forgotten") {
  TempFolder folder;
  auto store = open_store(folder.path());
  append(*store, profile_of("a", 0));
  store->set_limits({.retention = std::chrono::hours(1), .max_bytes = 300});
  CHECK_FALSE(store->append(profile_of("b", 1)).has_value());
  CHECK(store->stats().series == 1);
}

TEST_CASE("reading and writing at the same time") {
  TempFolder folder;
  auto store = open_store(folder.path(), std::chrono::seconds(200), 128 << 10);
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      std::int64_t one = profile_of("a", 0).total();
      while (!done) {
        auto merged = store->merge(everything("a"));
        if (merged->total() % one != 0) std::abort();
        (void)store->flame(everything("b"), 10);
        (void)store->series(everything("a"), std::chrono::seconds(10));
        (void)store->services({at(0), at(1000)});
        (void)store->stats();
      }
    });
  }
  std::vector<std::thread> writers;
  for (const char* service : {"a", "b"}) {
    writers.emplace_back([&store, service] {
      for (int i = 0; i < 300; ++i) {
        if (!store->append(profile_of(service, i))) std::abort();
        if (i % 20 == 0) store->expire(at(i));
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  done = true;
  for (std::thread& reader : readers) reader.join();
  auto stats = store->stats();
  CHECK(stats.appended == 600);
  CHECK(stats.profiles + stats.expired_age + stats.expired_bytes == 600);
  CHECK(stats.corrupt_segments == 0);
}

TEST_CASE("a folder that cannot be used says why") {
  TempFolder folder;
  folder.write("file", "x");
  auto store = Store::open({.path = folder.path() / "file" / "store"});
  REQUIRE_FALSE(store.has_value());
  CHECK(store.error().message.starts_with("open the store: create " + folder.path().string() +
                                          "/file/store: "));
}

}  // namespace
}  // namespace weir::store
