#include "store/dictionary.h"

#include <random>

#include "store/packing.h"
#include "support.h"

namespace weir::store {
namespace {

profile::Profile expand(const Dictionary& dictionary, const std::vector<StackSum>& sums) {
  profile::Profile profile;
  auto ok = dictionary.expand(sums, profile);
  if (!ok) FAIL(ok.error().message);
  return profile;
}

void check_same(const profile::Profile& copy, const profile::Profile& original) {
  CHECK(copy.mappings == original.mappings);
  CHECK(copy.frames == original.frames);
  CHECK(copy.stacks == original.stacks);
  CHECK(copy.samples == original.samples);
}

Dictionary reread(const std::vector<std::string>& parts) {
  Dictionary dictionary;
  for (const std::string& part : parts) {
    auto ok = dictionary.read_part(part);
    if (!ok) FAIL(ok.error().message);
  }
  return dictionary;
}

TEST_CASE("a profile comes back as it was, also from what was written of it") {
  profile::Profile original = sample_profile();
  Dictionary dictionary;
  auto sums = dictionary.add(original);
  CHECK(dictionary.has_unwritten());
  check_same(expand(dictionary, sums), original);
  check_same(expand(reread({dictionary.unwritten()}), sums), original);
}

TEST_CASE("extreme values come back too") {
  profile::Profile original;
  original.mappings = {{.file = "a",
                        .start = UINT64_MAX,
                        .limit = 0,
                        .offset = UINT64_MAX,
                        .why_no_name = "it has no .symtab"}};
  original.frames = {
      {.mapping = 0, .address = UINT64_MAX, .lines = {{"", std::string(100, 'f'), UINT32_MAX}}},
      {.address = 0}};
  original.stacks = {{}, {{1, 0, 1}, true, true}, {{1, 0, 1, 1}, false, false}};
  original.samples = {{0, INT64_MIN, INT64_MAX}, {1, 0, 0}, {2, INT64_MAX, INT64_MIN}};
  Dictionary dictionary;
  auto sums = dictionary.add(original);
  check_same(expand(reread({dictionary.unwritten()}), sums), original);
}

TEST_CASE("only what is new is written again") {
  profile::Profile first = sample_profile();
  profile::Profile second = sample_profile();
  second.frames.push_back({profile::FrameKind::native, profile::NoName::named, 1, 0x77, {{"fresh", "", 0}}});
  second.stacks.push_back({{6, 1}, true, false});
  second.samples.push_back({4, 3, 1});
  Dictionary dictionary;
  std::vector<std::string> parts;
  auto write = [&](const profile::Profile& profile) {
    auto sums = dictionary.add(profile);
    if (dictionary.has_unwritten()) parts.push_back(dictionary.unwritten());
    dictionary.mark_written();
    return sums;
  };
  auto of_first = write(first);
  CHECK(write(first) == of_first);
  REQUIRE(parts.size() == 1);
  auto of_second = write(second);
  REQUIRE(parts.size() == 2);
  CHECK(parts[1].size() < 40);
  CHECK(parts[1].find("fresh") != std::string::npos);
  Dictionary read = reread(parts);
  check_same(expand(read, of_first), first);
  check_same(expand(read, of_second), second);
  check_same(expand(reread({read.whole()}), of_second), second);
  // What was read can be gone on with.
  CHECK(read.add(second) == of_second);
  CHECK_FALSE(read.has_unwritten());
}

TEST_CASE("another process with the same files has nothing new") {
  profile::Profile first = sample_profile();
  profile::Profile second = sample_profile();
  for (profile::Mapping& mapping : second.mappings) mapping.start += 0x1000, mapping.limit += 0x1000;
  Dictionary dictionary;
  auto sums = dictionary.add(first);
  dictionary.mark_written();
  CHECK(dictionary.add(second) == sums);
  CHECK_FALSE(dictionary.has_unwritten());
  check_same(expand(dictionary, sums), first);
}

TEST_CASE("samples of a stack that differ in their labels are one") {
  profile::Profile profile = sample_profile();
  profile.sample_labels = {profile::Labels{{"comm", "a"}}, profile::Labels{{"comm", "b"}}};
  profile.samples = {{0, 10, 1, 0}, {1, 5, 1, 0}, {0, 20, 2, 1}};
  Dictionary dictionary;
  auto sums = dictionary.add(profile);
  REQUIRE(sums.size() == 2);
  CHECK(sums[0].value == 30);
  CHECK(sums[0].count == 3);
}

TEST_CASE("bytes that are no part of a dictionary are an error") {
  std::mt19937 random(1);
  Dictionary dictionary;
  (void)dictionary.add(sample_profile());
  std::string part = dictionary.unwritten();
  for (int round = 0; round < 5000; ++round) {
    std::string bad = part;
    bad[random() % bad.size()] = static_cast<char>(random());
    Dictionary read;
    if (!read.read_part(bad)) continue;
    std::vector<StackSum> sums;
    for (std::uint32_t stack = 0; stack < read.stacks(); ++stack) sums.push_back({stack, 1, 1});
    profile::Profile profile;
    (void)read.expand(sums, profile);
    Dictionary shorter;
    CHECK_FALSE(shorter.read_part(part.substr(0, random() % part.size())).has_value());
  }
  profile::Profile profile;
  CHECK_FALSE(dictionary.expand({{dictionary.stacks(), 1, 1}}, profile).has_value());
}

TEST_CASE("packing makes less of what repeats, and no more than a byte more of what does not") {
  std::string same(10'000, 'x');
  CHECK(pack(same).value().size() < 100);
  CHECK(unpack(pack(same).value()).value() == same);
  for (const std::string& text : {std::string(), std::string("short"), std::string(1, 0)}) {
    CHECK(pack(text).value().size() == text.size() + 1);
    CHECK(unpack(pack(text).value()).value() == text);
  }
  for (const std::string& bad : {std::string(), std::string(2, 1), std::string(9, 7)})
    CHECK_FALSE(unpack(bad).has_value());
}

}  // namespace
}  // namespace weir::store
