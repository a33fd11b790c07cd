// Which requests need a password.
#include <doctest/doctest.h>

#include "loopback.h"

namespace weir::net::test {

namespace {

std::string head_of(std::string_view target, std::string_view authorization) {
  std::string head = fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n", target);
  if (!authorization.empty()) head += fmt::format("Authorization: {}\r\n", authorization);
  return head + "\r\n";
}

int status_of(Peer& peer, std::string_view bytes) {
  peer.send(bytes);
  std::string answer = peer.read_message();
  if (!answer.starts_with("HTTP/1.1 ")) return 0;
  int status = std::atoi(answer.c_str() + 9);
  CHECK(answer.contains("WWW-Authenticate: Basic realm=\"weir\"") == (status == 401));
  return status;
}

}  // namespace

TEST_CASE("auth: what is the password") {
  Server::Options options;
  options.security.auth = ServerAuthOptions{.username = "ann", .password = "pass:word"};
  auto server = start([](const Request&, Reply reply) { reply({}); }, options);
  struct Row {
    const char* header;
    int status;
  };
  const Row rows[] = {
      {"", 401},
      {"Basic YW5uOnBhc3M6d29yZA==", 200},  // ann:pass:word
      {"basic  YW5uOnBhc3M6d29yZA", 200},
      {"Basic YW5uOnBhc3M6d29yZA== ", 200},
      {"Basic YW5uOnBhc3M=", 401},          // ann:pass
      {"Basic Ym9iOnBhc3M6d29yZA==", 401},  // bob:pass:word
      {"Basic YW5uOnBhc3M6d29yZHg=", 401},  // ann:pass:wordx
      {"Basic YW5u", 401},                  // ann
      {"Basic", 401},
      {"Basic !!!", 401},
      {"Bearer YW5uOnBhc3M6d29yZA==", 401},
      {"YW5uOnBhc3M6d29yZA==", 401},
  };
  // All on one connection: being told does not end it.
  Peer peer = Peer::connect(server->port());
  for (const Row& row : rows) {
    CAPTURE(row.header);
    CHECK(status_of(peer, head_of("/", row.header)) == row.status);
  }
}

TEST_CASE("auth: which paths need it") {
  struct Row {
    std::vector<std::string> paths;
    bool paths_need_it;
    const char* target;
    int status;
    const char* path_prefix = "";
  };
  const Row rows[] = {
      {{}, true, "/", 401},
      {{}, false, "/", 401},
      {{"/metrics"}, true, "/metrics", 401},
      {{"/metrics"}, true, "/metrics/x?y", 401},
      {{"/metrics"}, true, "/%6detrics", 401},
      {{"/metrics"}, true, "http://localhost/metrics", 401},
      {{"/metrics"}, true, "/", 200},
      {{"/metrics", "/-/"}, false, "/metrics", 200},
      {{"/metrics", "/-/"}, false, "/-/ready", 200},
      {{"/metrics", "/-/"}, false, "/api", 401},
      {{"/metrics", "/-/"}, false, "/?/metrics", 401},
      {{"/-/"}, true, "/weir/-/ready", 401, "/weir"},
      {{"/-/"}, true, "/-/ready", 401, "/weir"},
      {{"/-/"}, true, "/weir/", 200, "/weir"},
      {{"/we"}, true, "/weir/", 401, "/weir"},
      {{"/weir/api/"}, true, "/weir/api/x", 401, "/weir"},
      {{"/weir/api/"}, true, "/api/x", 401, "/weir"},
      {{"/weir/api/"}, true, "/metrics", 200, "/weir"},
      {{"/weir"}, true, "/weir/", 401, "/weir"},
      {{"/weir"}, true, "/metrics", 401, "/weir"},
      {{"/weirs"}, true, "/weirs", 401, "/weir"},
      {{"/weirs"}, true, "/weir/", 200, "/weir"},
      {{"/weir/metrics"}, false, "/metrics", 200, "/weir"},
      {{"/weir/metrics"}, false, "/api/x", 401, "/weir"},
      {{"/metrics"}, false, "/weir/metrics", 200, "/weir"},
      {{"/metrics"}, false, "/metrics", 200, "/weir"},
      {{"/metrics"}, false, "/metrics-weir/", 401, "/metrics-weir"},
      {{"/metrics"}, false, "/metrics-weir/-/reload", 401, "/metrics-weir"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.target);
    CAPTURE(row.paths_need_it);
    Server::Options options;
    options.security.auth = ServerAuthOptions{.username = "a",
                                              .password = "b",
                                              .paths = row.paths,
                                              .paths_need_it = row.paths_need_it,
                                              .path_prefix = row.path_prefix};
    auto server = start([](const Request&, Reply reply) { reply({}); }, options);
    Peer peer = Peer::connect(server->port());
    CHECK(status_of(peer, head_of(row.target, "")) == row.status);
  }
}

TEST_CASE("auth: nobody's body is read who may not send one") {
  Server::Options options;
  options.security.auth = ServerAuthOptions{.username = "a", .password = "b"};
  auto server = start([](const Request&, Reply reply) { reply({}); }, options);
  const std::string head =
      "POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 100\r\n";
  Peer peer = Peer::connect(server->port());
  CHECK(status_of(peer, head + "\r\n") == 401);
  CHECK(peer.closed_by_other());
  Peer known = Peer::connect(server->port());
  known.send(head + "Authorization: Basic YTpi\r\n\r\n");
  CHECK(known.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
}

}  // namespace weir::net::test
