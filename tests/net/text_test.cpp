// URLs, headers, queries: what is ours to parse.
#include <doctest/doctest.h>

#include "net/http.h"
#include "net/text.h"
#include "net/url.h"

namespace weir::net {

TEST_CASE("url: what is read") {
  struct Row {
    const char* text;
    const char* origin;
    const char* target;
    const char* authority;
    const char* user = "";
  };
  const Row rows[] = {
      {"http://a", "http://a:80", "/", "a"},
      {"HTTP://A.Example:80/b", "http://a.example:80", "/b", "a.example"},
      {"http://a:8080?x=y", "http://a:8080", "/?x=y", "a:8080"},
      {"https://a:443/p?q#f", "https://a:443", "/p?q", "a"},
      {"https://a:80/", "https://a:80", "/", "a:80"},
      {"http://[::1]:9/x", "http://[::1]:9", "/x", "[::1]:9"},
      {"http://[FE80::1]/", "http://[fe80::1]:80", "/", "[fe80::1]"},
      {"http://u:p%40+@a/", "http://a:80", "/", "a", "u:p@+"},
      {"http://u@v@a/", "http://a:80", "/", "a", "u@v"},
      {"http://a:/", "http://a:80", "/", "a"},
      {"http://a/\xc3\xa4", "http://a:80", "/%C3%A4", "a"},
      {"http://a_b-c.d/", "http://a_b-c.d:80", "/", "a_b-c.d"},
      {"unix:///run/x.sock", "unix:///run/x.sock", "", "localhost"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    auto url = parse_url(row.text);
    REQUIRE_MESSAGE(url.has_value(), url.error().message);
    CHECK(url->origin() == row.origin);
    CHECK(url->target == row.target);
    CHECK(url->authority() == row.authority);
    CHECK(url->user_info == row.user);
  }
}

TEST_CASE("url: what is refused, and why") {
  struct Row {
    std::string text;
    const char* why;
  };
  const Row rows[] = {
      {"", "it must begin with http://, https:// or unix://"},
      {"localhost:80", "it must begin with http://, https:// or unix://"},
      {"gopher://a", "scheme \"gopher\" is not one of http, https, unix"},
      {"http://", "it has no host"},
      {"http:///x", "it has no host"},
      {"http://:80/", "it has no host"},
      {"http://a:x/", "port \"x\" is not a number from 0 to 65535"},
      {"http://a:70000/", "port \"70000\" is not a number from 0 to 65535"},
      {"http://a:-1/", "port \"-1\" is not a number from 0 to 65535"},
      {"http://[::1/", "\"[\" without \"]\" in the host"},
      {"http://[abc]/", "\"abc\" is not an IPv6 address"},
      {"http://[:1]/", "\":1\" is not an IPv6 address"},
      {"http://[::1]x/", "unexpected \"x\" after the host"},
      {"http://a b/", "host \"a b\" holds a character that no host name has"},
      {"http://a/b c", "a space must be written as %20"},
      {"http://a/b\r\nX: y", "it holds a control character"},
      {"unix://run/x", "unix:// must be followed by an absolute path"},
  };
  for (const Row& row : rows) {
    auto url = parse_url(row.text);
    REQUIRE_FALSE(url.has_value());
    CHECK(url.error().message == "url \"" + row.text + "\": " + row.why);
  }
  CHECK(parse_url("http://ann:secret@a:x/").error().message ==
        "url \"http://(secret)@a:x/\": port \"x\" is not a number from 0 to 65535");
  for (const char* text : {"http://ann:sec/ret@a/", "http://ann:sec?ret@a/", "http://ann:sec#ret@a/"}) {
    CHECK(parse_url(text).error().message ==
          "url \"http://(secret)@a/\": /, ? and # in a password must be written as %2F, %3F and %23");
  }
}

TEST_CASE("url: references") {
  struct Row {
    const char* reference;
    const char* result;
  };
  const Row rows[] = {
      {"https://b/x", "https://b:443/x"},
      {"//b:8/x", "http://b:8/x"},
      {"/x/y?z", "http://a:80/x/y?z"},
      {"e", "http://a:80/c/e"},
      {"../e", "http://a:80/e"},
      {"../../../e", "http://a:80/e"},
      {"./e/./f/../g", "http://a:80/c/e/g"},
      {"?n=1", "http://a:80/c/d?n=1"},
      {"", "http://a:80/c/d"},
      {"#top", "http://a:80/c/d"},
      {"/x/..", "http://a:80/"},
      {"x?u=http://b/", "http://a:80/c/x?u=http://b/"},
  };
  Url base = *parse_url("http://a/c/d?q=1");
  for (const Row& row : rows) {
    CAPTURE(row.reference);
    auto url = resolve_url(base, row.reference);
    REQUIRE_MESSAGE(url.has_value(), url.error().message);
    CHECK(url->origin() + url->target == row.result);
  }
  CHECK_FALSE(resolve_url(base, "ftp://x/").has_value());
  CHECK_FALSE(resolve_url(base, "/a b").has_value());
}

TEST_CASE("headers: any case, in order, repeats kept") {
  Headers headers;
  headers.add("Accept", "a");
  headers.add("X-Y", "1");
  headers.add("accept", "b");
  CHECK(headers.get("ACCEPT") == "a");
  CHECK(headers.all().size() == 3);
  headers.set("aCCept", "c");
  CHECK(headers.all().size() == 2);
  CHECK(headers.get("accept") == "c");
  headers.remove("x-y");
  CHECK_FALSE(headers.has("X-Y"));
  CHECK(headers.get("X-Y") == "");
}

TEST_CASE("query: parameters, decoded") {
  struct Row {
    const char* target;
    const char* value;  // of "n"
  };
  const Row rows[] = {
      {"/p?n=1", "1"},           {"/p", ""},        {"/p?m=2&n=3&n=4", "3"}, {"/p?n", ""},
      {"/p?n=a+b%20c", "a b c"}, {"/p?%6e=x", "x"}, {"/p?n=%zz%4", "%zz%4"}, {"/p?n=a=b", "a=b"},
      {"/p?&&n=1&", "1"},        {"/p?nn=1", ""},   {"/p?n=%00x", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    Request request{.target = row.target};
    CHECK(request.path() == "/p");
    if (std::string_view(row.target).contains("%00")) {
      CHECK(request.query("n") == std::string("\0x", 2));
    } else {
      CHECK(request.query("n") == row.value);
    }
  }
}

TEST_CASE("base64") {
  struct Row {
    const char* text;
    const char* result;
  };
  for (const Row& row : {Row{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}}) {
    CHECK(base64(row.text) == row.result);
  }
  CHECK(base64("\xff\xfe\xfd") == "//79");
}

}  // namespace weir::net
