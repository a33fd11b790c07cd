// Records that this weir does not understand: of an earlier or a later one, or sound bytes that make no
// sense.
#include "store/packing.h"
#include "store/record.h"
#include "store/segment_file.h"
#include "store/segment_log.h"
#include "support.h"

namespace weir::store {
namespace {

constexpr const char* kEarlierProfile = "\2whatever a profile was at first";

using Records = std::vector<std::pair<std::string, std::string>>;  // heads and bodies

// As a segment of its own, of that version.
std::filesystem::path write_segment_of(const std::filesystem::path& folder, std::uint32_t version,
                                       const Records& records) {
  std::uint32_t number = 0;
  {
    auto log = SegmentLog::open({.path = folder}, [](Place, std::string_view) {}).value();
    log->close_active();
    for (const auto& [head, body] : records) number = log->append(head, body).value().segment;
  }
  std::filesystem::path file = folder / fmt::format("{:010}.segment", number);
  std::string content = read(file);
  content.replace(8, sizeof version, reinterpret_cast<const char*>(&version), sizeof version);
  write_file(file, content);
  return file;
}

// A series and one profile of it as the store writes them, the second time with `body` in its place.
Records records_of_profile(int seconds, const std::string& body = {}) {
  TempFolder folder;
  append(*open_store(folder.path()), profile_of("a", seconds));
  Records records;
  std::vector<Place> places;
  auto log = SegmentLog::open({.path = folder.path()}, [&](Place place, std::string_view) {
               places.push_back(place);
             }).value();
  for (Place place : places) {
    auto content = log->read(place).value();
    records.emplace_back(content.head, content.body);
  }
  if (!body.empty()) records.back().second = body;
  return records;
}

TEST_CASE("records of an earlier weir are named and counted, and their file stays") {
  TempFolder folder;
  std::filesystem::path file =
      write_segment_of(folder.path(), 1, {{kEarlierProfile, "body"}, {kEarlierProfile, "another"}});
  std::string content = read(file);
  std::string named = file.string() +
                      ": kept: 2 of its records are not understood, the first because of: read the head of a "
                      "record: unknown kind 2";
  for (int round = 0; round < 2; ++round) {
    auto store = open_store(folder.path(), std::chrono::hours(1), 64 << 10);
    auto check = [&] {
      auto stats = store->stats();
      CHECK(stats.strange_records == 2);
      CHECK(stats.strange_segments == 1);
      CHECK(stats.set_aside == std::vector{named});
      CHECK(read(file) == content);
    };
    check();
    append(*store, profile_of("a", round));
    for (int i = 0; i < 3; ++i) store->expire(at(10'000 + i));
    check();
    store->set_limits({.retention = std::chrono::hours(1), .max_bytes = 1});
    store->expire(at(20'000));
    check();
    CHECK(store->stats().bytes == 0);  // of those that may be removed
  }
}

TEST_CASE("what is understood beside what is not is shown, expires, and is not made coarser without it") {
  TempFolder folder;
  Records records = records_of_profile(0);
  records.insert(records.begin() + 1, {kEarlierProfile, "body"});
  records.push_back(records.back());
  std::filesystem::path file = write_segment_of(folder.path(), 1, records);
  std::string content = read(file);
  auto store = Store::open({.path = folder.path(),
                            .limits = {.retention = std::chrono::hours(1),
                                       .coarse_after = std::chrono::seconds(100),
                                       .coarse_window = std::chrono::seconds(60)}})
                   .value();
  append(*store, profile_of("b", 0));
  CHECK(store->merge(everything("a"))->total() == 2 * profile_of("a", 0).total());
  store->expire(at(1000));
  CHECK(store->stats().merged == 0);
  store->expire(at(10'000));
  CHECK(store->stats().profiles == 0);
  CHECK(store->stats().expired_age == 3);
  CHECK(read(file) == content);
}

TEST_CASE("a segment of an earlier version is read, and not gone on with") {
  TempFolder folder;
  std::filesystem::path file = write_segment_of(folder.path(), 1, records_of_profile(0));
  std::string content = read(file);
  auto store = open_store(folder.path());
  append(*store, profile_of("a", 1));
  CHECK(store->stats().segments == 2);
  CHECK(store->merge(everything("a"))->total() == 2 * profile_of("a", 0).total());
  CHECK(read(file) == content);
  store->expire(at(10'000));
  CHECK(files_ending(folder.path(), ".segment").empty());
}

TEST_CASE("a segment that describes a series twice, as earlier weirs wrote it, is read with both") {
  TempFolder folder;
  Records records = records_of_profile(0);
  auto other = profile_of("a", 1);
  other.frames[1].address = 0x2001;
  Dictionary dictionary;
  Samples samples{.period = other.period, .sums = dictionary.add(other)};
  records.emplace_back(encode_head(SeriesRecord{1, {other.labels, other.type}}), "");
  records.emplace_back(encode_head(PartRecord{.series = 1, .number = 0, .stacks = dictionary.stacks()}),
                       pack(dictionary.unwritten()).value());
  records.emplace_back(encode_head(ProfileRecord{.series = 1,
                                                 .id = other.id,
                                                 .start = other.start,
                                                 .duration = other.duration,
                                                 .total = samples.total(),
                                                 .samples = samples.count(),
                                                 .stacks = samples.stacks()}),
                       encode_samples(samples).value());
  write_segment_of(folder.path(), 1, records);
  auto store = open_store(folder.path());
  auto merged = store->merge(everything("a")).value();
  CHECK(merged.total() == profile_of("a", 0).total() + other.total());
  auto has = [&](std::uint64_t address) {
    return std::ranges::any_of(merged.frames, [&](const auto& frame) { return frame.address == address; });
  };
  CHECK(has(other.frames[1].address));
  CHECK(has(profile_of("a", 0).frames[1].address));
  CHECK(store->stats().lost_corrupt == 0);
  CHECK(store->services({at(-1), at(100)}).at(0).profiles == 2);
}

TEST_CASE("a profile whose bytes are sound and make no sense is lost once, and its file stays") {
  TempFolder folder;
  std::filesystem::path file = write_segment_of(folder.path(), 1, records_of_profile(0, "no samples"));
  std::string content = read(file);
  auto store = open_store(folder.path());
  append(*store, profile_of("b", 0));
  for (int round = 0; round < 3; ++round) {
    CHECK(store->merge(everything("a"))->total() == 0);
    CHECK(store->stats().lost_corrupt == 1);
    CHECK(store->stats().corrupt_segments == 0);
    CHECK(store->stats().strange_segments == 1);
    CHECK(store->stats().set_aside.at(0).starts_with(file.string() + ": kept: it has profiles that make no"));
    store->expire(at(10'000));
  }
  CHECK(read(file) == content);
  CHECK(files_ending(folder.path(), ".segment").size() == 1);
}

TEST_CASE("what can never be made coarser is tried once, counted, and not copied each time") {
  TempFolder folder;
  Records records = records_of_profile(0);
  records.emplace_back(records.back().first, "no samples");
  std::filesystem::path file = write_segment_of(folder.path(), 1, records);
  std::string content = read(file);
  Store::Limits limits{.retention = std::chrono::hours(1000),
                       .coarse_after = std::chrono::seconds(100),
                       .coarse_window = std::chrono::seconds(60)};
  auto store = Store::open({.path = folder.path(), .limits = limits}).value();
  append(*store, profile_of("b", 0));
  for (int i = 0; i < 100; ++i) store->expire(at(1000 + i * 30));
  CHECK(store->stats().coarse_failures == 1);
  CHECK(store->stats().coarse_error.find("unknown packing") != std::string::npos);
  CHECK(store->stats().corrupt_segments == 0);
  CHECK(files_ending(folder.path(), ".corrupt").empty());
  CHECK(read(file) == content);
}

TEST_CASE("what cannot be made coarser for a while is tried again, ever more seldom") {
  TempFolder folder;
  Store::Limits limits{.retention = std::chrono::hours(1000),
                       .coarse_after = std::chrono::seconds(100),
                       .coarse_window = std::chrono::seconds(60)};
  auto store = Store::open({.path = folder.path(), .limits = limits}).value();
  for (int i = 0; i < 30; ++i) append(*store, profile_of("a", i * 5));
  std::filesystem::path in_the_way = files_ending(folder.path(), ".segment").at(0).string() + ".new";
  std::filesystem::create_directory(in_the_way);
  int minutes = 0;
  for (; minutes < 240; ++minutes) store->expire(at(1000 + minutes * 60));
  CHECK(store->stats().coarse_failures >= 4);
  CHECK(store->stats().coarse_failures <= 20);
  CHECK(store->stats().corrupt_segments == 0);
  CHECK(store->stats().coarse_error.starts_with("create " + in_the_way.string() + ": "));
  std::uint64_t others = store->stats().merged;
  std::filesystem::remove(in_the_way);
  for (int until = minutes + 61; minutes < until; ++minutes) store->expire(at(1000 + minutes * 60));
  CHECK(store->stats().merged > others);
  CHECK(store->merge(everything("a"))->total() == 30 * profile_of("a", 0).total());
}

}  // namespace
}  // namespace weir::store
