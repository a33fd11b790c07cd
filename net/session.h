// Session: one connection to the server. For server.cpp and session.cpp only.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <string>

#include "net/asio.h"
#include "net/auth_check.h"
#include "net/host_check.h"
#include "net/http.h"
#include "net/message_reader.h"
#include "net/message_writer.h"
#include "net/stream.h"
#include "net/tls.h"

namespace weir::net {

class Session;

// What a connection waits for. When there are too many, the first in this order gives way, but for heads
// that have only just begun.
enum class Stage { head, idle, stream, body, sending, answering, gone };
inline constexpr std::size_t kStages = 7;

// What all sessions of a server share; outlives them.
struct Service {
  Server::Options options;
  Handler handler;
  HostCheck hosts;
  std::shared_ptr<Gate> gate;
  std::shared_ptr<ServerTls> tls{};  // null: connections are plain
  AuthCheck auth{};
  // How often the three above have changed, and how often it was whom TLS believes, or its options.
  std::uint64_t epoch = 1, tls_epoch = 1;
  bool stopping = false;
  std::size_t held_bytes = 0;  // of bodies
  std::size_t streams = 0;     // of events
  // Of each stage, who has been in it for longest first.
  std::array<std::list<Session*>, kStages> stages{};

  std::list<Session*>& in(Stage stage) { return stages[static_cast<std::size_t>(stage)]; }
  void turn_away(std::string_view reason, int status, std::string message) const {
    if (options.on_turned_away) options.on_turned_away({reason, status, std::move(message)});
  }
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
  Session(Service& service, Socket socket);
  ~Session();

  // Ends when the connection does.
  asio::awaitable<void> serve();
  // Answers 503 and ends.
  asio::awaitable<void> refuse();

  void close();
  // Closes it for the sake of a newer one.
  void evict();
  // No request is lost when it is closed: it is between two, or a stream that can be asked for again.
  bool idle() const { return idle_ || is_stream_; }
  bool is_stream() const { return is_stream_; }
  std::chrono::steady_clock::time_point since() const { return since_; }  // in this stage

 private:
  enum class Input { request, bad_request, refused, too_busy, gone };

  void enter(Stage stage);
  void expire();
  asio::awaitable<bool> secure();
  asio::awaitable<Input> read_request(RequestReader& reader, Held& held);
  asio::awaitable<Input> begin_body(RequestReader& reader);
  asio::awaitable<bool> read_more(std::size_t bytes);
  asio::awaitable<Response> answer(RequestReader& reader);
  asio::awaitable<Response> call_handler(const Request& request);
  asio::awaitable<bool> send(const Response& response, std::string_view method, AfterReply after);
  asio::awaitable<bool> write(std::string_view head, std::string_view body);
  asio::awaitable<void> linger();
  asio::awaitable<void> stream(const Response& response);
  asio::awaitable<void> send_events(const EventStream& events, asio::steady_timer& pause,
                                    const bool& is_over);
  asio::awaitable<void> await_end();
  bool is_outdated() const { return tls_epoch_ != service_.tls_epoch; }
  Response check(Request& request, bool is_http_1_1) const;  // status 200: nothing wrong
  Response judge(RequestReader& reader) const;               // the same, and counted

  Service& service_;
  std::unique_ptr<Stream> stream_;
  Watch watch_;
  std::string buffer_;  // read and not yet used
  bool idle_ = false;
  bool first_ = true;
  bool is_stream_ = false;         // and nothing else until it ends
  const std::uint64_t tls_epoch_;  // when it connected
  std::uint64_t judged_at_ = 0;    // the epoch in which the request at hand was judged
  Response refusal_;
  Stage stage_ = Stage::head;
  std::list<Session*>::iterator place_;
  std::chrono::steady_clock::time_point since_;
  asio::steady_timer* waiting_reply_ = nullptr;
};

}  // namespace weir::net
