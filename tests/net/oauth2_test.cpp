// Access tokens: how they are asked for, kept and renewed, against a scripted token server.
#include "net/oauth2.h"

#include <doctest/doctest.h>

#include <atomic>

#include "loopback.h"

namespace weir::net::test {

namespace {

std::string answer(int status, std::string_view body, std::string_view type = "application/json") {
  return fmt::format("HTTP/1.1 {} Answer\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}", status, type,
                     body.size(), body);
}

// Hands out t1, t2, … and remembers how it was asked.
class TokenServer {
 public:
  using Answer = std::function<std::string(int number, const std::string& request)>;
  explicit TokenServer(Answer answer = {})
      : answer_(std::move(answer)), server_([this](Peer& peer) {
          for (std::string request; !(request = peer.read_message()).empty();) {
            int number = ++asked;
            seen.put(request);
            peer.send(answer_ ? answer_(number, request) : good(number, 3600));
          }
        }) {}

  static std::string good(int number, int seconds) {
    return ::weir::net::test::answer(
        200,
        fmt::format(R"({{"access_token":"t{}","token_type":"bearer","expires_in":{}}})", number, seconds));
  }
  OAuth2Options options() const {
    return {.client_id = "me", .client_secret = "s ecret", .token_url = server_.url("/token")};
  }
  std::string url() const { return server_.url("/token"); }

  std::atomic<int> asked = 0;
  Mailbox<std::string> seen;

 private:
  Answer answer_;
  ScriptedServer server_;
};

// Answers with the Authorization it was sent, unless that is in `refused`.
class Api {
 public:
  Api()
      : server_(start([this](const Request& request, Reply reply) {
          std::string sent(request.headers.get("Authorization"));
          std::lock_guard lock(mutex_);
          reply(
              Response::text(sent == refused_ ? 401 : 200, request.method + " " + sent + " " + request.body));
        })) {}

  void refuse(std::string authorization) {
    std::lock_guard lock(mutex_);
    refused_ = std::move(authorization);
  }
  std::string url() const { return url_of(*server_); }

 private:
  std::mutex mutex_;
  std::string refused_ = "none";
  std::unique_ptr<Server> server_;
};

}  // namespace

TEST_CASE("oauth2: what an answer says") {
  struct Row {
    int status;
    std::string type, body, result;
  };
  const std::string json = "application/json";
  const std::string form = "application/x-www-form-urlencoded";
  const Row rows[] = {
      {200, json, R"({"access_token":"a","token_type":"bearer","expires_in":60})", "Bearer a 60"},
      {200, json, R"({"access_token":"a","expires_in":"60"})", "Bearer a 60"},
      {200, json, R"({"access_token":"a","token_type":"MAC","expires_in":1.5})", "MAC a 2"},
      {200, json, R"({"access_token":"a","expires_in":-5})", "Bearer a endless"},
      {200, json, R"({"access_token":"a","expires_in":1e300})", "Bearer a 31536000"},
      {200, "text/plain", R"({"access_token":"a"})", "Bearer a endless"},
      {200, form, "access_token=a%20b&expires_in=7", "Bearer a b 7"},
      {200, json, R"({"token_type":"bearer"})", "error: its answer has no access_token"},
      {200, json, R"({"access_token":7})", "error: its answer has no access_token"},
      {200, json, R"({"access_token":"a\r\nB: c"})", "error: its access_token holds a control character"},
      {200, json, R"([])", "error: its answer is no JSON object"},
      {200, json, R"({"error":"invalid_scope"})", "error: it answered 200 OK: invalid_scope"},
      {401, json, R"({"error":"invalid_client","error_description":"who\nare you?"})",
       "error: it answered 401 Unauthorized: invalid_client who are you?"},
      {503, "text/html", "<html>", "error: it answered 503 Service Unavailable"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.body);
    ClientResponse response{.status = row.status, .body = row.body};
    response.headers.set("Content-Type", row.type);
    auto token = read_token(response);
    std::string result = "error: " + (token ? "" : token.error().message);
    if (token) {
      auto seconds = std::chrono::duration_cast<std::chrono::seconds>(token->lifetime).count();
      bool is_endless = token->lifetime == Duration::max();
      result = token->authorization + " " + (is_endless ? "endless" : std::to_string(seconds));
    }
    CHECK(result == row.result);
  }
  ClientResponse broken{.status = 200, .body = "{"};
  CHECK(read_token(broken).error().message.starts_with("its answer is no JSON: "));
}

TEST_CASE("oauth2: one token serves many requests, and is asked for as the standard says") {
  TokenServer tokens;
  Api api;
  auto client = Client::create();
  OAuth2Options options = tokens.options();
  options.scopes = {"read", "write"};
  options.endpoint_params = {{"audience", "https://x/"}};
  constexpr int kRequests = 20;
  Mailbox<Result<ClientResponse>> done;
  std::vector<std::unique_ptr<Pending>> pending;
  for (int i = 0; i < kRequests; ++i) {
    pending.push_back(client->send({.method = "POST", .url = api.url(), .body = "x", .oauth2 = options},
                                   {.on_done = [&](auto result) { done.put(std::move(result)); }}));
  }
  for (int i = 0; i < kRequests; ++i) CHECK(outcome_of(*done.take()) == "200 POST Bearer t1 x");
  CHECK(outcome_of(fetch(*client, {.url = api.url(), .oauth2 = options})) == "200 GET Bearer t1 ");
  CHECK(tokens.asked == 1);
  std::string request = *tokens.seen.take();
  CHECK(request.starts_with("POST /token HTTP/1.1\r\n"));
  CHECK(request.contains("\r\nAuthorization: Basic bWU6cytlY3JldA==\r\n"));  // me:s+ecret
  CHECK(request.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\n"));
  CHECK(request.ends_with(
      "\r\n\r\ngrant_type=client_credentials&scope=read+write&audience=https%3A%2F%2Fx%2F"));
  // Another client's, or other scopes, are another token.
  options.client_secret = "rotated";
  CHECK(outcome_of(fetch(*client, {.url = api.url(), .oauth2 = options})) == "200 GET Bearer t2 ");
}

TEST_CASE("oauth2: a token is renewed before it expires, and after a 401") {
  TokenServer tokens(
      [](int number, const std::string&) { return TokenServer::good(number, number == 1 ? 1 : 3600); });
  Api api;
  auto client = Client::create();
  ClientRequest request{.url = api.url(), .oauth2 = tokens.options()};
  CHECK(outcome_of(fetch(*client, request)) == "200 GET Bearer t1 ");
  // That one is good for half a second.
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  std::string got;
  while ((got = outcome_of(fetch(*client, request))) == "200 GET Bearer t1 " &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  CHECK(got == "200 GET Bearer t2 ");
  api.refuse("Bearer t2");
  ClientRequest post{.method = "POST", .url = api.url(), .body = "twice", .oauth2 = tokens.options()};
  CHECK(outcome_of(fetch(*client, post)) == "200 POST Bearer t3 twice");
  CHECK(tokens.asked == 3);
  // One that a new token does not help is refused for good, and streams nothing of the first answer.
  api.refuse("Bearer t3");
  CHECK(outcome_of(fetch(*client, request)) == "200 GET Bearer t4 ");
  api.refuse("Bearer t4");
  std::string streamed;
  Mailbox<bool> done;
  auto pending = client->send(request, {.on_data = [&](std::string_view piece) { streamed += piece; },
                                        .on_done = [&](auto result) { done.put(result.has_value()); }});
  CHECK(done.take() == true);
  CHECK(streamed == "GET Bearer t5 ");
}

TEST_CASE("oauth2: a server that takes the client's name only in the form") {
  TokenServer tokens([](int number, const std::string& request) {
    bool is_in_form = request.contains("client_id=me&client_secret=s+ecret");
    return is_in_form ? TokenServer::good(number, 3600) : answer(401, R"({"error":"invalid_client"})");
  });
  Api api;
  auto client = Client::create();
  CHECK(outcome_of(fetch(*client, {.url = api.url(), .oauth2 = tokens.options()})) == "200 GET Bearer t2 ");
  // Known from then on.
  api.refuse("Bearer t2");
  CHECK(outcome_of(fetch(*client, {.url = api.url(), .oauth2 = tokens.options()})) == "200 GET Bearer t3 ");
  tokens.seen.take();
  tokens.seen.take();
  CHECK_FALSE(tokens.seen.take()->contains("Authorization"));
}

TEST_CASE("oauth2: why there is no token") {
  Api api;
  auto client = Client::create();
  TokenServer refusing([](int, const std::string&) {
    return answer(400, R"({"error":"invalid_client","error_description":"no such client"})");
  });
  ClientRequest request{.url = api.url(), .oauth2 = refusing.options()};
  CHECK(outcome_of(fetch(*client, request)) ==
        "error: GET " + api.url() + ": oauth2: " + refusing.url() +
            ": it answered 400 Bad Request: invalid_client no such client");
  request.oauth2->token_url = "http://127.0.0.1:1/token";
  CHECK(outcome_of(fetch(*client, request)) ==
        "error: GET " + api.url() +
            ": oauth2: POST http://127.0.0.1:1/token: connect to 127.0.0.1:1: connection refused");
  request.oauth2->token_url = "nonsense";
  CHECK(outcome_of(fetch(*client, request)).contains("oauth2: url \"nonsense\": it must begin with"));
  // A token server that says nothing costs a request its own time, and giving up costs none.
  ScriptedServer silent([](Peer& peer) { peer.closed_by_other(); });
  request.oauth2->token_url = silent.url("/");
  request.total_timeout = std::chrono::milliseconds(40);
  CHECK(outcome_of(fetch(*client, request)) == "error: GET " + api.url() + ": not finished within 40ms");
  auto pending = client->send(request, {.on_done = [](auto) {}});
  pending.reset();
}

TEST_CASE("oauth2: a token does not follow a redirect to another server") {
  TokenServer tokens;
  Api other;
  ScriptedServer first([&](Peer& peer) {
    peer.read_message();
    peer.send(fmt::format("HTTP/1.1 307 Go\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n", other.url()));
  });
  auto client = Client::create();
  CHECK(outcome_of(fetch(*client, {.url = first.url(), .oauth2 = tokens.options()})) == "200 GET  ");
}

TEST_CASE("oauth2: tokens come through a proxy of their own") {
  Mailbox<std::string> seen;
  ScriptedServer proxy([&](Peer& peer) {
    seen.put(peer.read_message());
    peer.send(TokenServer::good(7, 60));
  });
  Api api;
  auto client = Client::create();
  OAuth2Options options{.client_id = "me", .client_secret = "s", .token_url = "http://far.invalid/token"};
  options.proxy.url = "http://127.0.0.1:" + std::to_string(proxy.port());
  CHECK(outcome_of(fetch(*client, {.url = api.url(), .oauth2 = options})) == "200 GET Bearer t7 ");
  CHECK(seen.take()->starts_with("POST http://far.invalid/token HTTP/1.1\r\n"));
}

}  // namespace weir::net::test
