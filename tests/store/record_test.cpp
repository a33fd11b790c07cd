#include "store/record.h"

#include <random>

#include "support.h"

namespace weir::store {
namespace {

Samples number(Dictionary& dictionary, const profile::Profile& profile) {
  return {.period = profile.period, .sums = dictionary.add(profile)};
}

TEST_CASE("a head comes back as it was") {
  profile::Profile original = profile_of("checkout", 0);
  ProfileRecord head{.series = 7,
                     .id = original.id,
                     .start = original.start,
                     .duration = original.duration,
                     .total = original.total(),
                     .samples = 9,
                     .stacks = 12};
  auto record = decode_head(encode_head(head));
  REQUIRE(record.has_value());
  const auto& copy = std::get<ProfileRecord>(*record);
  CHECK(copy.series == 7);
  CHECK(copy.id == original.id);
  CHECK(copy.start == original.start);
  CHECK(copy.duration == original.duration);
  CHECK(copy.total == original.total());
  CHECK(copy.samples == 9);
  CHECK(copy.stacks == 12);
  auto part = decode_head(encode_head(PartRecord{.series = 1, .number = 300, .stacks = 70'000}));
  REQUIRE(part.has_value());
  CHECK(std::get<PartRecord>(*part).series == 1);
  CHECK(std::get<PartRecord>(*part).number == 300);
  CHECK(std::get<PartRecord>(*part).stacks == 70'000);
}

TEST_CASE("samples come back as they were") {
  const Samples rows[] = {
      {.period = 0, .sums = {}},
      {.period = 10, .sums = {{0, 30, 3}, {4, 10, 1}, {4'000'000'000, -20, -2}}},
      {.period = INT64_MIN, .sums = {{1, INT64_MAX, INT64_MIN}, {2, INT64_MIN, INT64_MAX}, {3, 0, 0}}},
  };
  for (const Samples& samples : rows) {
    auto copy = decode_samples(encode_samples(samples).value());
    REQUIRE(copy.has_value());
    CHECK(copy->period == samples.period);
    CHECK(copy->sums == samples.sums);
  }
}

TEST_CASE("a series comes back as it was") {
  SeriesRecord series{.number = 3, .key = {sample_profile().labels, {"memory", "alloc", "bytes", "", ""}}};
  auto record = decode_head(encode_head(series));
  REQUIRE(record.has_value());
  CHECK(std::get<SeriesRecord>(*record).number == 3);
  CHECK(std::get<SeriesRecord>(*record).key == series.key);
}

TEST_CASE("bytes that are no record are an error") {
  std::mt19937 random(1);
  Dictionary dictionary;
  std::string body = encode_samples(number(dictionary, profile_of("a", 0))).value();
  std::string head = encode_head(ProfileRecord{.total = 1'000'000, .samples = 1000, .stacks = 3});
  for (int round = 0; round < 5000; ++round) {
    std::string bad = body;
    bad[random() % bad.size()] = static_cast<char>(random());
    (void)decode_samples(bad);
    CHECK_FALSE(decode_samples(body.substr(0, random() % body.size())).has_value());
    bad = head;
    bad[random() % bad.size()] = static_cast<char>(random());
    (void)decode_head(bad);
    CHECK_FALSE(decode_head(head.substr(0, random() % head.size())).has_value());
  }
}

}  // namespace
}  // namespace weir::store
