#include "tests/web/site_fixture.h"

namespace weir::web::testing {
namespace {

using runtime::HealthState;

TEST_CASE("web: which path and method gets which answer") {
  struct Row {
    const char* method;
    const char* target;
    int status;
    const char* allow;
  };
  const Row rows[] = {
      {"GET", "/", 200, ""},
      {"GET", "/?x=1", 200, ""},
      {"HEAD", "/", 200, ""},
      {"POST", "/", 405, "GET, HEAD"},
      {"GET", "/metrics", 200, ""},
      {"DELETE", "/metrics", 405, "GET, HEAD"},
      {"GET", "/-/ready", 503, ""},
      {"GET", "/-/healthy", 200, ""},
      {"GET", "/-/reload", 405, "POST"},
      {"PUT", "/-/reload", 405, "POST"},
      {"POST", "/api/v0/web/status", 405, "GET, HEAD"},
      {"GET", "/api/v0/web/components", 200, ""},
      {"GET", "/api/v0/web/components/", 404, ""},
      {"GET", "/api/v0/web/components/no.such", 404, ""},
      {"GET", "/api/v0/component/no.such/x", 400, ""},
      {"GET", "/api/v0/web/profiles/services", 200, ""},
      {"GET", "/api/v0/web/profiles/flame?service=a", 404, ""},
      {"GET", "/api/v0/web/profiles/services?from=x", 400, ""},
      {"GET", "/api/v0/web/profiles/services?from=9&until=3", 400, ""},
      {"GET", "/api/v0/web/", 404, ""},
      {"GET", "/etc/passwd", 404, ""},
      {"GET", "/../etc/passwd", 404, ""},
      {"GET", "/%2e%2e/etc/passwd", 404, ""},
      {"GET", "/metricsx", 404, ""},
      {"GET", "*", 404, ""},
      {"GET", "", 404, ""},
  };
  SiteFixture site;
  for (const auto& row : rows) {
    CAPTURE(row.method);
    CAPTURE(row.target);
    auto response = site.ask({.method = row.method, .target = row.target});
    CHECK(response.status == row.status);
    CHECK(response.headers.get("Allow") == row.allow);
    CHECK(response.headers.get("X-Content-Type-Options") == "nosniff");
    CHECK(response.headers.has("Content-Security-Policy"));
    CHECK(response.headers.has("Cache-Control"));
  }
}

TEST_CASE("web: as long as it is closed only a probe learns anything") {
  SiteFixture site;
  auto ask = [&](const std::string& method, const std::string& target) {
    auto response = SiteFixture::ask(site.closed, {.method = method, .target = target});
    CHECK(response.headers.has("Content-Security-Policy"));
    CHECK(response.headers.has("Retry-After") == (response.status == 503));
    return fmt::format("{} {}", response.status, response.body);
  };
  const std::string closed =
      "503 weir is not ready: its config, which says who may ask here, is not in effect yet.\n";
  CHECK(ask("GET", "/-/healthy") == "200 weir is starting.\n");
  for (auto [health, answer] : {std::pair{HealthState::waiting, "200 weir is starting.\n"},
                                std::pair{HealthState::unhealthy, "500 unhealthy components: http\n"},
                                std::pair{HealthState::exited, "500 unhealthy components: http\n"}}) {
    site.run({node_with("a.bad", HealthState::unhealthy), node_with("http", health)});
    CHECK(ask("GET", "/-/healthy") == answer);
    CHECK(ask("GET", "/weir/-/healthy") == answer);
    for (const char* target : {"/", "/weir/", "/-/ready", "/metrics", "/api/v0/web/components", "/nowhere"}) {
      CHECK(ask("GET", target) == closed);
    }
    CHECK(ask("POST", "/-/reload") == closed);
    CHECK(ask("POST", "/-/healthy") == closed);
  }
}

TEST_CASE("web: ready says whether a config runs, healthy who is not") {
  SiteFixture site;
  CHECK(site.get("/-/ready").status == 503);
  site.run({node_with("a.good", HealthState::healthy), node_with("a.waits", HealthState::waiting)});
  CHECK(site.get("/-/ready").status == 200);
  CHECK(site.get("/-/healthy").status == 200);
  site.run({node_with("a.good", HealthState::healthy), node_with("a.bad", HealthState::unhealthy),
            node_with("a.gone", HealthState::exited)});
  auto response = site.get("/-/healthy");
  CHECK(response.status == 500);
  CHECK(response.body == "unhealthy components: a.bad, a.gone\n");
  CHECK(site.get("/-/ready").status == 200);
}

TEST_CASE("web: reload is a POST and answers with what is wrong") {
  SiteFixture site;
  site.controller.next_load.ok = true;
  auto accepted = site.ask({.method = "POST", .target = "/-/reload"});
  CHECK(accepted.status == 200);
  CHECK(accepted.body == "config reloaded\n");
  CHECK(site.controller.causes == std::vector<std::string>{"POST /-/reload"});

  site.controller.next_load.ok = false;
  auto source = lang::Source::make("config.river", "a.b \"c\" {\n  x = 1 2\n}\n");
  site.controller.next_load.diagnostics = {{.source = source,
                                            .span = {18, 19},
                                            .message = "expected a newline",
                                            .notes = {{source, {8, 9}, "in this block"}}}};
  auto refused = site.ask({.method = "POST", .target = "/-/reload"});
  CHECK(refused.status == 400);
  CHECK(refused.body.find("config.river:2:9: expected a newline") != std::string::npos);
  CHECK(refused.body.find("Note: config.river:1:9: in this block") != std::string::npos);
  CHECK(refused.headers.get("Content-Type").starts_with("text/plain"));
}

TEST_CASE("web: a page of another site can change nothing") {
  SiteFixture site;
  site.controller.next_load.ok = true;
  struct Row {
    const char* origin;
    const char* forwarded;
    const char* site;
    int status;
  };
  const Row rows[] = {{"http://127.0.0.1:12345", "", "", 200},
                      {"http://127.0.0.1:12345", "", "same-origin", 200},
                      {"https://evil.example", "", "", 403},
                      {"https://evil.example", "", "same-site", 403},
                      {"https://127.0.0.1:12345", "", "cross-site", 403},
                      {"null", "", "", 403},
                      {"", "", "cross-site", 403},
                      {"", "", "none", 200},
                      // A proxy asks another host than the browser did, and may say whom that was.
                      {"https://tools.example", "", "", 403},
                      {"https://tools.example", "", "same-origin", 200},
                      {"https://tools.example", "tools.example", "", 200},
                      {"https://evil.example", "tools.example", "", 403}};
  for (const auto& row : rows) {
    CAPTURE(row.origin);
    CAPTURE(row.site);
    net::Request request{.method = "POST", .target = "/-/reload"};
    request.headers.set("Host", "127.0.0.1:12345");
    if (*row.origin) request.headers.set("Origin", row.origin);
    if (*row.forwarded) request.headers.set("X-Forwarded-Host", row.forwarded);
    if (*row.site) request.headers.set("Sec-Fetch-Site", row.site);
    std::size_t loads = site.controller.causes.size();
    CHECK(site.ask(request).status == row.status);
    CHECK(site.controller.causes.size() == loads + (row.status == 200));
  }

  // Neither what components answer themselves; to read is what the browser itself forbids.
  site.run({node_with("a.b", HealthState::healthy)});
  for (const char* method : {"POST", "PUT", "DELETE"}) {
    net::Request request{.method = method, .target = "/api/v0/component/a.b/x"};
    request.headers.set("Host", "127.0.0.1:12345");
    request.headers.set("Sec-Fetch-Site", "cross-site");
    CHECK(site.ask(request).status == 403);
    request.headers.set("Sec-Fetch-Site", "same-origin");
    CHECK(site.ask(request).body == "from the component");
  }
  net::Request read{.method = "GET", .target = "/-/ready"};
  read.headers.set("Origin", "https://evil.example");
  CHECK(site.ask(read).status == 200);
}

TEST_CASE("web: what a component serves itself is passed on, modules and escapes included") {
  SiteFixture site;
  site.run({node_with("a.b", HealthState::healthy), node_with("m.x/a.b", HealthState::healthy),
            node_with("m.x", HealthState::healthy)});
  struct Row {
    const char* target;
    const char* passed;
  };
  const Row rows[] = {{"/api/v0/component/a.b/x/y?z=1", "a.b|/x/y"},
                      {"/api/v0/component/a.b", "a.b|"},
                      {"/api/v0/component/m.x/a.b/q", "m.x/a.b|/q"},
                      {"/api/v0/component/m.x/other", "m.x|/other"},
                      {"/api/v0/component/a%2eb/%41", "a.b|/A"}};
  for (const auto& row : rows) {
    CAPTURE(row.target);
    auto response = site.ask({.method = "POST", .target = row.target});
    CHECK(response.body == "from the component");
    CHECK(site.passed_on == row.passed);
  }
}

TEST_CASE("web: the page and its files") {
  SiteFixture site;
  auto page = site.get("/");
  CHECK(page.headers.get("Content-Type") == "text/html; charset=utf-8");
  CHECK(page.headers.get("Cache-Control") == "no-cache");
  CHECK(page.headers.get("Content-Security-Policy").find("unsafe") == std::string_view::npos);
  REQUIRE(page.body.find("<!doctype html>") == 0);
  CHECK(page.body.find("://") == std::string::npos);

  std::size_t at = page.body.find("app-");
  REQUIRE(at != std::string::npos);
  std::string script = page.body.substr(page.body.find("src=\"") + 5);
  script = "/" + script.substr(0, script.find('"'));
  auto plain = site.get(script);
  CHECK(plain.status == 200);
  CHECK(plain.headers.get("Content-Type") == "text/javascript; charset=utf-8");
  CHECK(plain.headers.get("Cache-Control") == "public, max-age=31536000, immutable");
  CHECK_FALSE(plain.headers.has("Content-Encoding"));

  net::Request compressed{.target = script};
  compressed.headers.set("Accept-Encoding", "gzip, br");
  auto packed = site.ask(compressed);
  CHECK(packed.headers.get("Content-Encoding") == "gzip");
  CHECK(packed.static_body.size() < plain.body.size());

  net::Request again{.target = "/"};
  again.headers.set("If-None-Match", page.headers.get("ETag"));
  auto unchanged = site.ask(again);
  CHECK(unchanged.status == 304);
  CHECK(unchanged.body.empty());
  CHECK(unchanged.static_body.empty());
}

TEST_CASE("web: metrics in the text format") {
  SiteFixture site;
  site.metrics.counter("things_total", "Things.")->add(3);
  auto response = site.get("/metrics");
  CHECK(response.headers.get("Content-Type") == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(response.body.find("things_total 3") != std::string::npos);
}

}  // namespace
}  // namespace weir::web::testing
