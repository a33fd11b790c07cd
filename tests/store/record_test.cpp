#include "store/record.h"

#include <random>

#include "support.h"

namespace weir::store {
namespace {

TEST_CASE("a profile comes back as it was") {
  profile::Profile original = profile_of("checkout", 0);
  auto record = decode_head(encode_head(head_of(original, 7)));
  REQUIRE(record.has_value());
  const auto& head = std::get<ProfileRecord>(*record);
  CHECK(head.series == 7);
  CHECK(head.total == original.total());
  CHECK(head.samples == 9);
  profile::Profile copy{.id = head.id, .labels = original.labels, .type = original.type};
  copy.start = head.start;
  copy.duration = head.duration;
  REQUIRE(decode_body(encode_body(original), copy).has_value());
  CHECK(equal(copy, original));
}

TEST_CASE("extreme values come back too") {
  profile::Profile original;
  original.period = INT64_MIN;
  original.mappings = {{.file = "a",
                        .start = UINT64_MAX,
                        .limit = 0,
                        .offset = UINT64_MAX,
                        .why_no_name = "it has no .symtab"}};
  original.frames = {
      {.mapping = 0, .address = UINT64_MAX, .lines = {{"", std::string(100, 'f'), UINT32_MAX}}},
      {.address = 0}};
  original.stacks = {{}, {{1, 0, 1}, true, true}, {{1, 0, 1, 1}, false, false}};
  original.samples = {{2, INT64_MAX, INT64_MIN}, {0, INT64_MIN, INT64_MAX}, {1, 0, 0}};
  profile::Profile copy;
  REQUIRE(decode_body(encode_body(original), copy).has_value());
  CHECK(equal(copy, original));
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
  std::string body = encode_body(profile_of("a", 0));
  std::string head = encode_head(head_of(profile_of("a", 0), 1));
  for (int round = 0; round < 5000; ++round) {
    std::string bad = body;
    bad[random() % bad.size()] = static_cast<char>(random());
    profile::Profile profile;
    (void)decode_body(bad, profile);
    (void)decode_body(bad.substr(0, random() % bad.size()), profile);
    bad = head;
    bad[random() % bad.size()] = static_cast<char>(random());
    (void)decode_head(bad);
    CHECK_FALSE(decode_head(head.substr(0, random() % head.size())).has_value());
  }
}

}  // namespace
}  // namespace weir::store
