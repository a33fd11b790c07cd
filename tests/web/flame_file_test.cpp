#include "web/flame_file.h"

#include <doctest/doctest.h>

#include <string>

#include "profile/text_formats.h"

namespace weir::web {
namespace {

std::string file_of(std::string_view folded, const std::string& title) {
  auto profile = profile::decode_folded(folded, 1 << 20);
  REQUIRE(profile.has_value());
  profile::FlameTree tree;
  tree.add(*profile);
  tree.finish(0);
  return flame_file(tree, {.title = title, .unit = "count"});
}

std::size_t count(std::string_view text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

TEST_CASE("a flame graph in a file holds everything and names nobody else") {
  std::string file = file_of("main;work 12\n", "a test");
  CHECK(file.starts_with("<!doctype html>"));
  CHECK(file.find("<title>a test</title>") != std::string::npos);
  CHECK(file.find("default-src 'none'") != std::string::npos);
  CHECK(count(file, "%data%") == 0);
  CHECK(count(file, "src=") == 0);
  CHECK(count(file, "<script") == 2);
  CHECK(count(file, "</script") == 2);
}

TEST_CASE("names cannot leave the data, nor the title its element") {
  std::string plain = file_of("main;work 12\n", "x");
  std::string hostile = file_of("</script><script>alert(1)</script>;<!-- %data% %title% 12\n",
                                "</title><script>alert(2)</script>%data%");
  CHECK(count(hostile, "<script") == count(plain, "<script"));
  CHECK(count(hostile, "<!--") == count(plain, "<!--"));
  CHECK(hostile.find("alert(") == hostile.find("alert(2)"));
  CHECK(hostile.find("&lt;/title&gt;&lt;script&gt;alert(2)") != std::string::npos);
}

}  // namespace
}  // namespace weir::web
