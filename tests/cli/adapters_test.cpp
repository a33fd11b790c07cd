// The runtime's fetcher and HTTP service over the real client and server.
#include <doctest/doctest.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/fetcher_adapter.h"
#include "cli/http_service_adapter.h"

namespace weir::cli {

namespace {

struct Answer {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Result<runtime::FetchResponse>> result;

  void put(Result<runtime::FetchResponse> value) {
    std::lock_guard lock(mutex);
    result = std::move(value);
    changed.notify_all();
  }
  Result<runtime::FetchResponse> wait() {
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, std::chrono::seconds(20), [&] { return result.has_value(); })) {
      return fail("the test's own deadline has passed");
    }
    return *std::move(result);
  }
};

}  // namespace

TEST_CASE("adapters: a fetch reaches the mount of a component and comes back") {
  HttpServiceAdapter service;
  auto server = net::Server::start(
      {.listen_address = "127.0.0.1:0"}, [&](const net::Request& request, net::Reply reply) {
        service.handle("a.b", request.path().substr(4), request, std::move(reply));
      });
  REQUIRE(server.has_value());
  FetcherAdapter fetcher;
  auto ask = [&] {
    Answer answer;
    auto fetch = fetcher.fetch({.method = "POST",
                                .url = fmt::format("http://127.0.0.1:{}/a.b/push?x=1", (*server)->port()),
                                .headers = {{"Content-Type", "text/x-test"}},
                                .body = "bytes"},
                               {.on_done = [&](auto result) { answer.put(std::move(result)); }});
    auto result = answer.wait();
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    return fmt::format("{} {}", result->status, result->body);
  };

  CHECK(ask() == "404 component a.b answers no requests\n");
  auto mount = service.mount("a.b", [](const runtime::HttpRequest& request, runtime::HttpReply reply) {
    reply({.status = 201,
           .body = fmt::format("{} {} {} {} {}", request.method, request.path, request.query,
                               request.content_type, request.body)});
  });
  CHECK(ask() == "201 POST /push x=1 text/x-test bytes");
  // The old mount goes after the new one has come, as in an update.
  auto next = service.mount("a.b", [](const auto&, runtime::HttpReply reply) { reply({.body = "new"}); });
  mount.reset();
  CHECK(ask() == "200 new");
  next.reset();
  CHECK(ask() == "404 component a.b answers no requests\n");
}

TEST_CASE("adapters: the page is not asked until it is known who may ask") {
  HttpServiceAdapter service;
  auto answers = [](std::string text) {
    return [text](const net::Request&, const net::Reply& reply) { reply(net::Response::text(200, text)); };
  };
  auto server = net::Server::start({.listen_address = "127.0.0.1:0"}, answers("closed"));
  REQUIRE(server.has_value());
  service.use(**server, answers("closed"), answers("page"));
  FetcherAdapter fetcher;
  auto ask = [&](const std::string& user = "") {
    Answer answer;
    auto fetch = fetcher.fetch({.url = fmt::format("http://{}127.0.0.1:{}/", user, (*server)->port())},
                               {.on_done = [&](auto result) { answer.put(std::move(result)); }});
    auto result = answer.wait();
    REQUIRE_MESSAGE(result.has_value(), result.error().message);
    return fmt::format("{} {}", result->status, result->body);
  };
  const runtime::HttpSecurity password{.tls = {},
                                       .password = runtime::HttpPassword{"me", "secret", {}, true}};
  CHECK(ask() == "200 closed");
  CHECK_FALSE(service.take_config(true));
  CHECK(ask() == "200 closed");
  CHECK_FALSE(service.secure({.tls = runtime::HttpTls{}, .password = {}}).has_value());
  CHECK(ask() == "200 closed");
  REQUIRE(service.secure(password).has_value());
  CHECK(ask().starts_with("401 "));
  CHECK(ask("me:secret@") == "200 page");
  // The next config has the block as well.
  CHECK_FALSE(service.take_config(true));
  CHECK(ask().starts_with("401 "));
  CHECK(service.take_config(false));
  CHECK(ask() == "200 page");
  // A component on its way out.
  CHECK(service.secure(password).has_value());
  CHECK(ask() == "200 page");
  CHECK_FALSE(service.take_config(false));
  // One that comes while everybody may ask.
  CHECK_FALSE(service.take_config(true));
  CHECK(ask() == "200 closed");
  CHECK_FALSE(service.secure({.tls = runtime::HttpTls{}, .password = {}}).has_value());
  CHECK(ask() == "200 closed");
  REQUIRE(service.secure(password).has_value());
  CHECK(ask("me:secret@") == "200 page");
}

TEST_CASE("adapters: what a block asks for does not take effect when another one has had its say meanwhile") {
  // Reads files for as long as a test does something else.
  struct SlowServer final : net::Server {
    std::uint16_t port() const override { return 0; }
    Result<Ready> prepare(const net::Security& security) override {
      std::string username = security.auth ? security.auth->username : "nobody";
      if (meanwhile) std::exchange(meanwhile, nullptr)();
      return [this, username](const net::Handler&) { in_effect.push_back(username); };
    }
    std::function<void()> meanwhile;
    std::vector<std::string> in_effect;
  };
  auto password_of = [](const char* username) {
    return runtime::HttpSecurity{.tls = {}, .password = runtime::HttpPassword{username, "secret", {}, true}};
  };
  using Names = std::vector<std::string>;
  SlowServer server;
  HttpServiceAdapter service;
  service.use(server, {}, {});
  service.take_config(true);
  server.in_effect.clear();
  server.meanwhile = [&] { CHECK(service.secure(password_of("second")).has_value()); };
  CHECK(service.secure(password_of("first")).has_value());
  CHECK(server.in_effect == Names{"second"});
  server.meanwhile = [&] {
    service.take_config(false);
    service.take_config(true);
  };
  CHECK(service.secure(password_of("third")).has_value());
  CHECK(server.in_effect == Names{"second", "nobody", "nobody"});
  CHECK(service.secure(password_of("fourth")).has_value());
  CHECK(server.in_effect.back() == "fourth");
}

TEST_CASE("adapters: the server learns which paths need a password, and of the prefix") {
  struct FakeServer final : net::Server {
    std::uint16_t port() const override { return 0; }
    Result<Ready> prepare(const net::Security& security) override {
      auth = security.auth.value_or(net::ServerAuthOptions());
      return [](const net::Handler&) {};
    }
    net::ServerAuthOptions auth;
  };
  FakeServer server;
  HttpServiceAdapter service;
  service.take_config(true);
  auto paths = [&](const std::string& prefix, std::vector<std::string> filter) {
    service.use(server, {}, {}, prefix);
    REQUIRE(
        service.secure({.tls = {}, .password = runtime::HttpPassword{"me", "x", std::move(filter), true}}));
    CHECK(server.auth.path_prefix == prefix);
    return server.auth.paths;
  };
  using Paths = std::vector<std::string>;
  CHECK(paths("", {"/metrics", "/api/"}) == Paths{"/metrics", "/api/"});
  CHECK(paths("/weir", {"/metrics", "/weir/api/"}) == Paths{"/metrics", "/weir/api/"});
  CHECK(paths("/weir", {}).empty());
}

TEST_CASE("adapters: an error comes as an error") {
  FetcherAdapter fetcher;
  Answer answer;
  auto fetch =
      fetcher.fetch({.url = "nonsense"}, {.on_done = [&](auto result) { answer.put(std::move(result)); }});
  auto result = answer.wait();
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().message == "url \"nonsense\": it must begin with http://, https:// or unix://");
}

}  // namespace weir::cli
