#include "profile/pprof.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <fmt/core.h>

#include "profile/flame.h"
#include "profile/wire.h"
#include "tests/profile/sample_profile.h"

namespace weir::profile {
namespace {

using testing::sample_profile;

constexpr std::size_t kLimit = 1 << 20;

std::string field(unsigned number, std::uint64_t value) {
  WireWriter out;
  out.room(20);
  out.field(number, value);
  return out.take();
}

std::string bytes(unsigned number, std::string_view value) {
  WireWriter out;
  out.room(20 + value.size());
  out.bytes(number, value);
  return out.take();
}

// Strings: 1 samples, 2 count, 3 cpu, 4 nanoseconds, 5 f, 6 g.
std::string head() {
  std::string message;
  for (const char* text : {"", "samples", "count", "cpu", "nanoseconds", "f", "g"}) message += bytes(6, text);
  return message + bytes(1, field(1, 1) + field(2, 2)) + bytes(1, field(1, 3) + field(2, 4));
}

// One sample without a stack: the value of the first type is 1, of the second 2, …
std::string profile_with_types(const std::vector<std::pair<std::string, std::string>>& types) {
  std::string message = bytes(6, "");
  std::string values;
  std::uint64_t text = 0;
  for (const auto& [type, unit] : types) {
    message += bytes(6, type) + bytes(6, unit);
    message += bytes(1, field(1, text + 1) + field(2, text + 2));
    text += 2;
    values += field(2, text / 2);
  }
  return message + bytes(2, values);
}

std::string error_of(std::string_view message, std::size_t limit = kLimit) {
  auto decoded = decode_pprof(message, limit);
  return decoded ? "" : decoded.error().message;
}

// Where a comment of a file with a name of 11 bytes is cut, in its reason.
constexpr std::size_t kCut =
    512 - std::string_view("frames without a name in /lib/000.so: unreadable: ").size();

std::vector<std::string> comments_of(std::string_view message) {
  std::vector<std::string> strings, comments;
  std::string_view ids;
  WireReader in(message);
  for (WireField field; in.next(field);) {
    if (field.number == 6) strings.emplace_back(field.bytes);
    if (field.number == 13) ids = field.bytes;
  }
  WireReader packed(ids);
  for (std::uint64_t id = 0; !packed.at_end() && packed.varint(id);) comments.push_back(strings.at(id));
  return comments;
}

Result<std::vector<Profile>> types_of(std::string_view message) {
  MemoryBudget budget(kLimit);
  return decode_pprof_types(message, budget);
}

}  // namespace

TEST_CASE("pprof: what is written is read again") {
  Profile p = sample_profile();
  for (const std::string& message : {encode_pprof(p), encode_pprof_gzip(p)}) {
    auto decoded = decode_pprof(message, kLimit);
    REQUIRE(decoded.has_value());
    decoded->id = {};
    CHECK(testing::equal(*decoded, testing::as_pprof_keeps_it(p)));
  }
}

TEST_CASE("pprof: comments say why frames have no names") {
  Profile p = sample_profile();
  p.mappings.push_back(p.mappings[1]);  // the same file again
  p.frames.push_back({FrameKind::native, NoName::stripped, 3, 0xbeef, {}});
  auto comments = [](const Profile& profile) { return comments_of(encode_pprof(profile)); };
  CHECK(comments(p) ==
        std::vector<std::string>{"frames without a name in /lib/libc.so.6: stripped: it has no .symtab"});
  // However many files, and however much there is to say of them, it is little.
  std::string many(2000, 'x');
  many[kCut - 1] = '\xc3';
  many[kCut] = '\xa9';
  for (int i = 0; i < 1000; ++i) {
    p.frames.push_back(
        {FrameKind::native, NoName::unreadable, static_cast<std::uint32_t>(p.mappings.size()), 1, {}});
    p.mappings.push_back({.file = fmt::format("/lib/{:03}.so", i), .why_no_name = many});
  }
  auto bounded = comments(p);
  REQUIRE(bounded.size() == 63);
  CHECK(bounded[1].starts_with("frames without a name in /lib/000.so: unreadable: xxx"));
  CHECK(bounded[1].ends_with("x…"));
  CHECK(bounded[1].size() < 520);
  // One that has all its names says nothing.
  p.frames.erase(p.frames.begin() + 2, p.frames.end());
  CHECK(comments(p).empty());
}

TEST_CASE("pprof: samples carry labels, and one stack with two of them is two samples") {
  Profile p = sample_profile();
  p.sample_labels = {Labels{{"comm", "worker"}, {"pid", "12"}}, Labels{{"comm", "main"}}};
  p.samples = {{0, p.period, 1, 0}, {0, 2 * p.period, 2, 1}, {0, p.period, 1}, {1, p.period, 1, 0}};
  auto read = decode_pprof(encode_pprof(p), 1 << 20);
  REQUIRE(read);
  CHECK(read->samples == p.samples);
  CHECK(read->sample_labels == p.sample_labels);
  FlameTree tree;
  tree.add(p);
  CHECK(tree.total() == 5 * p.period);
  FlameTree again;
  again.add(*read);
  CHECK(again.nodes().size() == tree.nodes().size());
}

TEST_CASE("pprof: a kernel frame without a mapping gets the kernel's") {
  Profile p = sample_profile();
  p.mappings.pop_back();
  p.frames[3].mapping = kNoMapping;
  auto decoded = decode_pprof(encode_pprof(p), kLimit);
  REQUIRE(decoded.has_value());
  CHECK(decoded->frames[3].kind == FrameKind::kernel);
  CHECK(decoded->mappings.at(decoded->frames[3].mapping).file == "[kernel]");
}

TEST_CASE("pprof: an empty profile is one too") {
  auto decoded = decode_pprof(encode_pprof(Profile{}), kLimit);
  REQUIRE(decoded.has_value());
  CHECK(decoded->samples.empty());
  CHECK(decoded->type == ProfileType{});
}

TEST_CASE("pprof: foreign forms") {
  // Ids of any size, numbers one by one, unknown fields, the same stack twice.
  std::string location = bytes(4, field(1, 1u << 30) + bytes(4, field(1, 77) + field(2, 5)) + field(15, 9));
  std::string function = bytes(5, field(1, 77) + field(2, 5) + field(3, 6));
  std::string sample = bytes(2, field(1, 1u << 30) + field(2, 3) + field(2, 300) + bytes(3, field(1, 5)));
  std::string message = sample + head() + location + function + sample + bytes(13, "x") + field(15, 1);
  struct Row {
    const char* sample_type;
    std::int64_t value;
    const char* unit;
  };
  for (const Row& row :
       {Row{"", 600, "nanoseconds"}, Row{"cpu", 600, "nanoseconds"}, Row{"samples", 6, "count"}}) {
    auto decoded = decode_pprof(message, kLimit, row.sample_type);
    REQUIRE(decoded.has_value());
    REQUIRE(decoded->samples.size() == 1);
    CHECK(decoded->samples[0].value == row.value);
    CHECK(decoded->samples[0].count == 6);
    CHECK(decoded->type.sample_unit == row.unit);
    CHECK(decoded->frames[0].lines == std::vector<Line>{{"f", "", 5}});
  }
  auto by_default = decode_pprof(message + field(14, 1), kLimit);
  REQUIRE(by_default.has_value());
  CHECK(by_default->type.sample_type == "samples");
}

TEST_CASE("pprof: what is refused, and why") {
  struct Row {
    const char* name;
    std::string message;
    const char* error;
  };
  std::string location = bytes(4, field(1, 1));
  const Row rows[] = {
      {"nothing", "", "string table"},
      {"no message", "\xff\xff\xff", "cut off"},
      {"no sample type", bytes(6, ""), "no sample type"},
      {"first string not empty", bytes(6, "x"), "string table"},
      {"a field longer than the rest", head() + "\x12\x7f", "cut off"},
      {"a group", head() + "\x0b", "cut off"},
      {"a varint without end", head() + std::string(12, '\xff'), "cut off"},
      {"unknown location", head() + bytes(2, field(1, 9) + field(2, 1) + field(2, 1)), "location 9"},
      {"too few values", head() + location + bytes(2, field(1, 1) + field(2, 1)), "1 values for 2 types"},
      {"too many values", head() + location + bytes(2, field(2, 1) + field(2, 1) + field(2, 1)),
       "damaged sample"},
      {"unknown mapping", head() + bytes(4, field(1, 1) + field(2, 5)), "mapping 5"},
      {"unknown function", head() + bytes(4, field(1, 1) + bytes(4, field(1, 5))), "function 5"},
      {"string out of range", head() + bytes(3, field(1, 1) + field(5, 99)), "string table"},
      {"location id twice", head() + location + location, "location's id"},
      {"location id 0", head() + bytes(4, field(3, 1)), "location's id"},
      {"damaged gzip", "\x1f\x8b garbage garbage garbage", "gunzip"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(error_of(row.message).find(row.error) != std::string::npos);
  }
  CHECK(decode_pprof(head(), kLimit, "wall").error().message == "decode pprof: there is no sample type wall");
}

TEST_CASE("pprof: one profile for each type of value") {
  std::string two = profile_with_types({{"alloc_space", "bytes"}, {"inuse_space", "bytes"}});
  auto profiles = types_of(two);
  REQUIRE(profiles);
  REQUIRE(profiles->size() == 2);
  CHECK((*profiles)[0].type.sample_type == "alloc_space");
  CHECK((*profiles)[1].type.sample_type == "inuse_space");
  CHECK((*profiles)[0].total() == 1);
  CHECK((*profiles)[1].total() == 2);
  // How many samples stand behind the time is part of the one profile.
  auto cpu = types_of(profile_with_types({{"samples", "count"}, {"cpu", "nanoseconds"}}));
  REQUIRE(cpu);
  REQUIRE(cpu->size() == 1);
  CHECK(cpu->front().type.sample_type == "cpu");
  CHECK(cpu->front().samples.front().count == 1);
  std::vector<std::pair<std::string, std::string>> many;
  for (int i = 0; i < 17; ++i) many.emplace_back(std::to_string(i), "count");
  CHECK(!types_of(profile_with_types(many)));
}

TEST_CASE("an id is read as it is written, and nothing else is one") {
  ProfileId id = ProfileId::random();
  CHECK(ProfileId::parse(id.to_string()) == id);
  for (const char* text : {"", "1", "01234567-0123-0123-0123-0123456789a",
                           "01234567-0123-0123-0123-0123456789abc", "0123456701230123-0123-0123456789ab",
                           "0123456-70123-0123-0123-0123456789ab", "g1234567-0123-0123-0123-0123456789ab"}) {
    CAPTURE(text);
    CHECK(!ProfileId::parse(text));
  }
}

TEST_CASE("pprof: limits hold") {
  std::string long_name(10'000, 'n');
  std::string many = head() + bytes(6, long_name) + bytes(5, field(1, 1) + field(2, 7));
  std::string lines;
  for (int i = 0; i < 200; ++i) lines += bytes(4, field(1, 1));
  many += bytes(4, field(1, 1) + lines);
  CHECK(error_of(many, many.size()).find("memory") != std::string::npos);
  CHECK(error_of(many, many.size() - 1).find("larger than") != std::string::npos);
  CHECK(error_of(gzip(std::string(kLimit + 1, 'x'))).find("more than") != std::string::npos);
}

TEST_CASE("pprof: cut or changed anywhere, it never crashes") {
  std::string message = encode_pprof(sample_profile());
  for (std::size_t i = 0; i < message.size(); ++i) {
    auto cut = decode_pprof(message.substr(0, i), kLimit);
    static_cast<void>(cut);
    for (int bit = 0; bit < 8; ++bit) {
      std::string changed = message;
      changed[i] = static_cast<char>(changed[i] ^ (1 << bit));
      auto ignored = decode_pprof(changed, kLimit);
      static_cast<void>(ignored);
    }
  }
}

TEST_CASE("gunzip: limits, several members") {
  CHECK(gunzip(gzip("abc") + gzip("def"), 6).value() == "abcdef");
  CHECK_FALSE(gunzip(gzip("abc") + gzip("def"), 5).has_value());
  CHECK(gunzip(gzip(""), 0).value().empty());
  CHECK_FALSE(gunzip("", 10).has_value());
  std::string zeros(100'000, '\0');
  CHECK(gunzip(gzip(zeros), zeros.size()).value() == zeros);
  CHECK_FALSE(gunzip(gzip(zeros), zeros.size() - 1).has_value());
}

}  // namespace weir::profile
