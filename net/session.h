// Session: one connection to the server. For server.cpp and session.cpp only.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/ip/tcp.hpp>

#include "net/asio.h"
#include "net/host_check.h"
#include "net/http.h"
#include "net/message_reader.h"
#include "net/message_writer.h"

namespace weir::net {

// What all sessions of a server share; outlives them.
struct Service {
  Server::Options options;
  Handler handler;
  HostCheck hosts;
  std::shared_ptr<Gate> gate;
  bool stopping = false;
  std::size_t held_bytes = 0;  // of bodies
};

// What a request holds of its service, until it is answered.
class Held {
 public:
  explicit Held(Service& service) : service_(service) {}
  ~Held() { service_.held_bytes -= bytes_; }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  // False when that is too much, with what others hold.
  bool grow_to(std::size_t bytes) {
    service_.held_bytes += bytes - bytes_;
    bytes_ = bytes;
    bool is_alone = bytes_ == 0 || service_.held_bytes == bytes_;
    return is_alone || service_.held_bytes <= service_.options.max_held_bytes;
  }

 private:
  Service& service_;
  std::size_t bytes_ = 0;
};

// Everything happens on the server's thread.
class Session {
 public:
  Session(Service& service, asio::ip::tcp::socket socket);

  // Ends when the connection does.
  asio::awaitable<void> serve();
  // Answers 503 and ends.
  asio::awaitable<void> refuse();

  void close();
  // Between two requests, nothing read of the next.
  bool idle() const { return idle_; }

 private:
  enum class Input { request, bad_request, too_busy, gone };

  asio::awaitable<Input> read_request(RequestReader& reader, Held& held);
  asio::awaitable<bool> read_more(std::size_t bytes);
  asio::awaitable<Response> answer(Request& request, bool is_http_1_1);
  asio::awaitable<Response> call_handler(const Request& request);
  asio::awaitable<bool> send(const Response& response, std::string_view method, AfterReply after);
  asio::awaitable<bool> write(std::string_view head, std::string_view body);
  asio::awaitable<void> linger();
  Response check(Request& request, bool is_http_1_1) const;  // status 200: nothing wrong

  Service& service_;
  asio::ip::tcp::socket socket_;
  Watch watch_;
  std::string buffer_;  // read and not yet used
  bool idle_ = false;
  bool first_ = true;
  asio::steady_timer* waiting_reply_ = nullptr;
};

}  // namespace weir::net
