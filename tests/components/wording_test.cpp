// How things are said on the page and in the log.
#include <doctest/doctest.h>

#include "components/wording.h"

namespace weir {

TEST_CASE("wording: an address is said without who asks there") {
  struct Row {
    const char* url;
    const char* text;
  };
  const Row rows[] = {
      {"http://a:1/b", "http://a:1/b"},
      {"http://me:secret@a:1/b", "http://a:1/b"},
      {"http://me@a", "http://a"},
      {"http://me:secret@a/users/@you", "http://a/users/@you"},
      {"http://a/users/@you", "http://a/users/@you"},
      {"http://a:1/users/@you", "http://a:1/users/@you"},
      {"http://[::1]/users/@you", "http://[::1]/users/@you"},
      {"unix:///run/me@a.sock", "unix:///run/me@a.sock"},
      // Signs that a password may hold only when they are escaped.
      {"http://me:sec/ret@a:1/b", "http://a:1/b"},
      {"http://me:sec?ret@a:1/b", "http://a:1/b"},
      {"http://me:sec#ret@a:1/b", "http://a:1/b"},
      {"/run/me@a.sock", "/run/me@a.sock"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.url);
    CHECK(url_text(row.url) == row.text);
  }
}

}  // namespace weir
