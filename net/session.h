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
  enum class Input { request, bad_request, gone };

  asio::awaitable<Input> read_request(RequestReader& reader);
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
