#include "profile/text_formats.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/profile/sample_profile.h"

namespace weir::profile {
namespace {

using testing::sample_profile;

TEST_CASE("folded: one line a stack, root first") {
  Profile p = sample_profile();
  p.frames[1].lines[0].function = "operator;\n()";
  CHECK(encode_folded(p) ==
        "operator: ();outer;inner 51546390\n"
        "operator: ();libc.so.6+0xbeef 10309278\n"
        "operator: ();libc.so.6+0xbeef;do_syscall_64 20618556\n"
        "[unknown];handler 10309278\n");
}

TEST_CASE("folded: what was written is read") {
  Profile p = sample_profile();
  auto read = decode_folded(encode_folded(p), 1 << 20);
  REQUIRE(read.has_value());
  CHECK(encode_folded(*read) == encode_folded(p));
  CHECK(read->total() == p.total());
}

TEST_CASE("folded: lines of other programs, and lines that are none") {
  struct Row {
    std::string_view text;
    std::string_view again;  // or the error
  };
  const Row rows[] = {
      {"", ""},
      {"a;b 1\r\n\n# a remark\na;b 2", "a;b 1\na;b 2\n"},
      {"std::map<int, long>;x 3\n", "std::map<int, long>;x 3\n"},
      {"a;;b 1\n", "a;;b 1\n"},
      {"a -1\n", "a -1\n"},
      {"a", "line 1: no value behind a stack: \"root;leaf 12\" was expected"},
      {"a 1\nb x\n", "line 2: \"x\" is no value"},
      {"a 99999999999999999999\n", "line 1: \"99999999999999999999\" is no value"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto read = decode_folded(row.text, 1000);
    CHECK((read ? encode_folded(*read) : read.error().message) == row.again);
  }
  CHECK(decode_folded("a 1\n", 3).error().message == "larger than 3 bytes");
}

TEST_CASE("folded: two profiles side by side") {
  auto before = decode_folded("a;b 1\na;c 2\na;b 1\n", 100);
  auto after = decode_folded("a;c 5\na;d 4\n", 100);
  CHECK(encode_folded(*before, *after) == "a;b 2 0\na;c 2 5\na;d 0 4\n");
}

TEST_CASE("speedscope: frames once, stacks root first, weights that add up") {
  Profile p = sample_profile();
  p.frames[1].lines[0].function = "main\"</script>";
  CHECK(encode_speedscope(p, "checkout") ==
        R"({"$schema":"https://www.speedscope.app/file-format-schema.json","exporter":"weir",)"
        R"("name":"checkout","activeProfileIndex":0,"shared":{"frames":[{"name":"outer","file":"app"},)"
        R"({"name":"inner","file":"app"},{"name":"main\"</script>","file":"app"},)"
        R"({"name":"libc.so.6+0xbeef","file":"libc.so.6"},{"name":"do_syscall_64","file":"[kernel]"},)"
        R"({"name":"handler"},{"name":"[unknown]"}]},"profiles":[{"type":"sampled","name":"checkout",)"
        R"("unit":"nanoseconds","startValue":0,"endValue":92783502,)"
        R"("samples":[[2,0,1],[2,3],[2,3,4],[6,5]],"weights":[51546390,10309278,20618556,10309278]}]})");
}

}  // namespace
}  // namespace weir::profile
