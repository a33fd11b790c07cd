#include "base/utf8.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace weir {

TEST_CASE("what is no UTF-8 becomes one U+FFFD a byte") {
  struct Row {
    std::string_view text;
    std::string_view shown;
  };
  const std::string_view bad = "\xef\xbf\xbd";
  auto times = [&](int n) {
    std::string text;
    while (n-- > 0) text += bad;
    return text;
  };
  const std::string two = times(2);
  const std::string three = times(3);
  const std::string four = times(4);
  const std::vector<Row> rows = {
      {"", ""},
      {"plain", "plain"},
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\xa5", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\xa5"},
      {"\xff", bad},
      {"\x80", bad},               // a continuation without a beginning
      {"\xc0\x80", two},           // spelled longer than needed, in two, three and four bytes
      {"\xe0\x80\x80", three},     //
      {"\xf0\x80\x80\x80", four},  //
      {"\xed\xa0\x80", three},     // a surrogate
      {"\xf4\x90\x80\x80", four},  // beyond U+10FFFF
      {"\xe2\x82", two},           // cut
      {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(utf8_text(row.text) == row.shown);
    CHECK(is_utf8(row.text) == (row.text == row.shown));
  }
  CHECK(utf8_text("a\xff"
                  "b") ==
        "a\xef\xbf\xbd"
        "b");
}

TEST_CASE("a cut splits no rune") {
  std::string_view text = "a\xe2\x82\xac";
  CHECK(utf8_floor(text, 0) == 0);
  CHECK(utf8_floor(text, 1) == 1);
  CHECK(utf8_floor(text, 2) == 1);
  CHECK(utf8_floor(text, 3) == 1);
  CHECK(utf8_floor(text, 4) == 4);
  CHECK(utf8_floor(text, 9) == 4);
}

}  // namespace weir
