#include "profile/labels.h"

#include <doctest/doctest.h>

#include <string>

#include "profile/label_pairs.h"
#include "profile/profile.h"
#include "profile/text.h"

namespace weir::profile {

TEST_CASE("labels: sorted, the last of a name stands, empty is absent") {
  struct Row {
    std::vector<Labels::Pair> pairs;
    const char* text;
  };
  const Row rows[] = {
      {{}, "{}"},
      {{{"b", "2"}, {"a", "1"}}, R"({a="1",b="2"})"},
      {{{"a", "1"}, {"a", "2"}}, R"({a="2"})"},
      {{{"a", "1"}, {"a", ""}}, "{}"},
      {{{"a", ""}, {"a", "1"}}, R"({a="1"})"},
      {{{"q", "a\"b\\c\nd"}}, R"({q="a\"b\\c\nd"})"},
  };
  for (const Row& row : rows) CHECK(Labels(row.pairs).to_string() == row.text);
}

TEST_CASE("labels: get and hash") {
  Labels labels{{"service_name", "x"}, {"a", "b"}};
  CHECK(labels.get("service_name") == "x");
  CHECK(labels.get("service") == "");
  CHECK(labels.hash() == Labels{{"a", "b"}, {"service_name", "x"}}.hash());
  CHECK(labels.hash() != Labels{{"a", "b"}, {"service_name", "y"}}.hash());
  CHECK(Labels{{"ab", "c"}}.hash() != Labels{{"a", "bc"}}.hash());
}

TEST_CASE("display_name: the function, else the place, else unknown") {
  std::vector<Mapping> mappings = {{.file = "/usr/lib/libx.so.1"}, {.file = "[kernel]"}, {.file = ""}};
  struct Row {
    Frame frame;
    const char* name;
  };
  const Row rows[] = {
      {{FrameKind::native, NoName::named, 0, 0x10, {{"f", "", 0}, {"g", "", 0}}}, "f"},
      {{FrameKind::native, NoName::stripped, 0, 0x1f0, {}}, "libx.so.1+0x1f0"},
      {{FrameKind::kernel, NoName::stripped, 1, 0xffffffff81000000, {}}, "[kernel]+0xffffffff81000000"},
      {{FrameKind::kernel, NoName::stripped, kNoMapping, 0x10, {}}, "[kernel]+0x10"},
      {{FrameKind::unknown, NoName::no_mapping, kNoMapping, 0x10, {}}, "[unknown]"},
      {{FrameKind::native, NoName::jit, 2, 0x10, {}}, "[unknown]"},
  };
  for (const Row& row : rows) CHECK(display_name(row.frame, mappings) == row.name);
}

TEST_CASE("profile id: random, written as a UUID") {
  ProfileId id = ProfileId::random();
  CHECK(id != ProfileId::random());
  CHECK(id.to_string().size() == 36);
  CHECK(id.to_string()[14] == '4');
  CHECK(ProfileId{}.to_string() == "00000000-0000-0000-0000-000000000000");
}

TEST_CASE("label pairs are read as they are written") {
  Labels labels{{"a", "b"}, {"c", "say \"x\\y\"\nz"}};
  CHECK(parse_label_pairs(labels.to_string()).value() == labels.pairs());
  using Pairs = std::vector<Labels::Pair>;
  CHECK(parse_label_pairs("{}").value() == Pairs{});
  CHECK(parse_label_pairs(" { b = \"\" , a=\"1,2}\" } ").value() == Pairs{{"b", ""}, {"a", "1,2}"}});
  for (const char* bad : {"", "{", "}", "a=\"b\"", "{a}", "{a=}", "{a=b}", "{a=\"b}", "{a=\"b\"", "{=\"b\"}",
                          "{a=\"b\",}", "{a=\"b\"} x", "{a=\"b\" c=\"d\"}", "{a=\"b\\"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_label_pairs(bad).has_value());
  }
}

}  // namespace weir::profile
