// Both ends of a loopback connection by hand, and a client whose answers are waited for.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/fd.h"
#include "net/http.h"

namespace weir::net::test {

// A place where one thread waits for what another brings; never longer than a deadline.
template <class T>
class Mailbox {
 public:
  void put(T value) {
    std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    changed_.notify_all();
  }
  std::optional<T> take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, std::chrono::seconds(20), [&] { return !values_.empty(); }))
      return std::nullopt;
    T value = std::move(values_.front());
    values_.erase(values_.begin());
    return value;
  }
  bool empty() {
    std::lock_guard lock(mutex_);
    return values_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<T> values_;
};

// A socket that gives up after 20 s.
class Peer {
 public:
  explicit Peer(Fd fd);
  static Peer connect(std::uint16_t port);

  bool send(std::string_view bytes);  // false: the other side is gone
  std::string read_until(std::string_view mark);
  std::string read_to_end();
  // A request's or response's head and, by its Content-Length, its body.
  std::string read_message();
  bool closed_by_other();  // waits for the end of what it sends
  int fd() const { return fd_.get(); }

 private:
  bool fill();

  Fd fd_;
  std::string buffer_;
};

// Listens, and gives each connection to `serve` on a thread of its own.
class ScriptedServer {
 public:
  using Serve = std::function<void(Peer&)>;
  explicit ScriptedServer(Serve serve);  // on 127.0.0.1
  ScriptedServer(Serve serve, const std::filesystem::path& unix_path);
  ~ScriptedServer();

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view target = "/") const;

 private:
  void run();

  Serve serve_;
  Fd listener_;
  std::uint16_t port_ = 0;
  std::mutex mutex_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

std::string response(std::string_view body, std::string_view more_headers = {});

Result<ClientResponse> fetch(Client& client, ClientRequest request);

// "200 the body", or "error: " and why.
std::string outcome_of(const Result<ClientResponse>& result);

std::unique_ptr<Server> start(Handler handler, Server::Options options = {});
std::string url_of(const Server& server, std::string_view target = "/");

}  // namespace weir::net::test
