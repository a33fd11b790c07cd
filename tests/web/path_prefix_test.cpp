#include "web/path_prefix.h"

#include "tests/web/site_fixture.h"

namespace weir::web::testing {
namespace {

TEST_CASE("web: a prefix of paths is taken as people write it, or refused with what is wrong") {
  struct Row {
    const char* text;
    const char* prefix;  // or what the error says
  };
  const Row rows[] = {
      {"", ""},
      {"/", ""},
      {"/weir", "/weir"},
      {"/weir/", "/weir"},
      {"/tools/weir-2_a.b~c", "/tools/weir-2_a.b~c"},
      {"/apiary", "/apiary"},
      {"weir", "\"weir\" does not begin with a slash: write /weir"},
      {"weir/", "\"weir/\" does not begin with a slash: write /weir"},
      {"http://h/weir", "\"http://h/weir\" does not begin with a slash: write /http://h/weir"},
      {"//", "\"//\" is no prefix of paths: it has two slashes in a row"},
      {"/a//b", "\"/a//b\" is no prefix of paths: it has two slashes in a row"},
      {"/a/../b", "\"/a/../b\" is no prefix of paths: browsers take . and .. out of an address"},
      {"/a b", "\"/a b\" is no prefix of paths: it may have letters, digits and -._~ between its slashes"},
      {"/a?b", "\"/a?b\" is no prefix of paths: it may have letters, digits and -._~ between its slashes"},
      {"/%77", "\"/%77\" is no prefix of paths: it may have letters, digits and -._~ between its slashes"},
      {"/metrics/x",
       "\"/metrics/x\" is taken: weir answers other requests below /metrics; choose another, such as /weir"},
      {"/-/", "\"/-/\" is taken: weir answers other requests below /-; choose another, such as /weir"},
      {"/api", "\"/api\" is taken: weir answers other requests below /api; choose another, such as /weir"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.text);
    auto prefix = read_path_prefix(row.text);
    CHECK((prefix ? *prefix : prefix.error().message) == row.prefix);
  }
}

TEST_CASE("web: with a prefix the page stands below it, and machines ask at the root as ever") {
  SiteFixture site;
  site.options.path_prefix = "/a/weir";
  site.handler = make_handler(site.options);
  site.controller.next_load.ok = true;
  site.run({node_with("a.b", runtime::HealthState::healthy)});
  struct Row {
    const char* method;
    const char* target;
    int status;
    const char* location = "";
  };
  const Row rows[] = {
      {"GET", "/", 307, "a/weir/"},
      {"HEAD", "/?x=1", 307, "a/weir/"},
      {"GET", "/a/weir", 307, "weir/"},
      {"GET", "/a/weir/", 200},
      {"GET", "/a/w%65ir/", 200},
      {"POST", "/a/weir/", 405},
      {"POST", "/", 404},
      {"POST", "/a/weir", 404},
      {"GET", "/a", 404},
      {"GET", "/a/", 404},
      {"GET", "/a/weirs", 404},
      {"GET", "/a/weir/a/weir/", 404},
      {"GET", "/a/weir/api/v0/web/components/a.b", 200},
      {"GET", "/a/weir/api/v0/web/components/none", 404},
      {"GET", "/api/v0/web/components/a.b", 404},
      {"GET", "/a/weir/metrics", 200},
      {"GET", "/metrics", 200},
      {"GET", "/a/weir/-/ready", 200},
      {"GET", "/-/ready", 200},
      {"GET", "/-/healthy", 200},
      {"POST", "/a/weir/-/reload", 200},
      {"POST", "/-/reload", 200},
      {"GET", "/-/reload", 405},
      {"GET", "/api/v0/component/a.b/x", 200},
      {"GET", "/a/weir/api/v0/component/a.b/x", 200},
  };
  for (const auto& row : rows) {
    CAPTURE(row.method);
    CAPTURE(row.target);
    auto response = site.ask({.method = row.method, .target = row.target});
    CHECK(response.status == row.status);
    CHECK(response.headers.get("Location") == row.location);
    CHECK(response.headers.has("Content-Security-Policy"));
  }
}

}  // namespace
}  // namespace weir::web::testing
