#include "loopback.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstdlib>
#include <cstring>

#include <doctest/doctest.h>

namespace weir::net::test {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

}  // namespace

Peer::Peer(Fd fd) : fd_(std::move(fd)) {
  timeval limit{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

Peer Peer::connect(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(port);
  REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  return Peer(std::move(fd));
}

bool Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

bool Peer::fill() {
  char piece[16384];
  ssize_t n = ::recv(fd_.get(), piece, sizeof piece, 0);
  if (n > 0) buffer_.append(piece, static_cast<std::size_t>(n));
  return n > 0;
}

std::string Peer::read_until(std::string_view mark) {
  std::size_t at = 0;
  while ((at = buffer_.find(mark)) == std::string::npos) {
    if (!fill()) return std::exchange(buffer_, {});
  }
  std::string result = buffer_.substr(0, at + mark.size());
  buffer_.erase(0, result.size());
  return result;
}

std::string Peer::read_to_end() {
  while (fill()) {
  }
  return std::exchange(buffer_, {});
}

std::string Peer::read_message() {
  std::string message = read_until("\r\n\r\n");
  std::size_t at = message.find("Content-Length: ");
  std::size_t length = at == std::string::npos ? 0 : std::strtoul(message.c_str() + at + 16, nullptr, 10);
  while (buffer_.size() < length && fill()) {
  }
  message += buffer_.substr(0, length);
  buffer_.erase(0, length);
  return message;
}

bool Peer::closed_by_other() {
  char byte;
  for (;;) {
    ssize_t n = ::recv(fd_.get(), &byte, 1, 0);
    if (n <= 0) return n == 0 || errno == ECONNRESET;
  }
}

ScriptedServer::ScriptedServer(Serve serve) : serve_(std::move(serve)) {
  listener_ = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener_.get(), 16) == 0);
  socklen_t size = sizeof address;
  ::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { run(); });
}

ScriptedServer::ScriptedServer(Serve serve, const std::filesystem::path& unix_path)
    : serve_(std::move(serve)) {
  listener_ = Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(unix_path.string().size() < sizeof address.sun_path);
  std::strcpy(address.sun_path, unix_path.c_str());
  REQUIRE(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(listener_.get(), 16) == 0);
  acceptor_ = std::thread([this] { run(); });
}

ScriptedServer::~ScriptedServer() {
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  {
    std::lock_guard lock(mutex_);
    for (int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

void ScriptedServer::run() {
  for (;;) {
    Fd fd(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!fd) return;
    auto peer = std::make_shared<Peer>(std::move(fd));
    {
      std::lock_guard lock(mutex_);
      open_.push_back(peer->fd());
    }
    threads_.emplace_back([this, peer] {
      serve_(*peer);
      std::lock_guard lock(mutex_);
      std::erase(open_, peer->fd());
      ::shutdown(peer->fd(), SHUT_RDWR);
    });
  }
}

std::string ScriptedServer::url(std::string_view target) const {
  return "http://127.0.0.1:" + std::to_string(port_) + std::string(target);
}

std::string response(std::string_view body, std::string_view more_headers) {
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{}\r\n{}", body.size(), more_headers, body);
}

Result<ClientResponse> fetch(Client& client, ClientRequest request) {
  Mailbox<Result<ClientResponse>> answers;
  auto pending =
      client.send(std::move(request),
                  {.on_done = [&](Result<ClientResponse> result) { answers.put(std::move(result)); }});
  auto answer = answers.take();
  if (!answer) return fail("the test's own deadline has passed");
  return *std::move(answer);
}

std::string outcome_of(const Result<ClientResponse>& result) {
  return result ? std::to_string(result->status) + " " + result->body : "error: " + result.error().message;
}

std::unique_ptr<Server> start(Handler handler, Server::Options options) {
  options.listen_address = "127.0.0.1:0";
  auto server = Server::start(options, std::move(handler));
  REQUIRE_MESSAGE(server.has_value(), server.error().message);
  return *std::move(server);
}

std::string url_of(const Server& server, std::string_view target) {
  return "http://127.0.0.1:" + std::to_string(server.port()) + std::string(target);
}

}  // namespace weir::net::test
