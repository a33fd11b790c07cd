// Plain requests and responses, as the client and the server of this room
// speak them. Nothing of Asio, Beast or OpenSSL shows here.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/duration.h"
#include "base/result.h"
#include "net/options.h"

namespace weir::net {

// Names compare without case; order and repeats are kept.
class Headers {
 public:
  void set(std::string_view name, std::string_view value);  // replaces all of that name
  void add(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  std::string_view get(std::string_view name) const;  // the first; "" when absent
  bool has(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

struct Request {
  std::string method = "GET";
  std::string target = "/";  // path and query as sent
  Headers headers;
  std::string body;

  std::string_view path() const;  // without the query; not decoded
  // A query parameter, percent-decoded; "" when absent.
  std::string query(std::string_view name) const;
};

// A body that goes on for as long as somebody reads it, piece by piece.
struct EventStream {
  // What goes now, whole events; "" is nothing. Called on the server's thread, from the beginning on each
  // `every`; must return at once. Not called any more when the connection or the server ends.
  std::function<std::string()> next;
  Duration every = std::chrono::seconds(1);
};

struct Response {
  int status = 200;
  Headers headers;
  // The body: `body`, or, for bytes that live as long as the program (embedded
  // files), `static_body`, or `events`.
  std::string body;
  std::string_view static_body;
  std::optional<EventStream> events = {};

  static Response text(int status, std::string body);
  static Response json(int status, std::string body);
  // text/event-stream, as browsers read it with an EventSource.
  static Response stream(EventStream events);
};

// Called on the server's thread: must answer from memory, at once. `reply` may
// be called later and from any thread, exactly once; a request without reply
// is answered 503 after Server::Options::reply_timeout. False: it came too late
// for that, and the sender will believe that nothing was done.
using Reply = std::function<bool(Response)>;
using Handler = std::function<void(const Request&, Reply)>;

// A request or a connection that the server turned away by itself.
struct TurnedAway {
  // connections, streams, evicted, slow_request, slow_reader, slow_reply, memory, malformed, head_size,
  // body_size, host, unauthorized, outdated, tls.
  std::string_view reason;
  int status = 0;  // of the answer; 0: the connection was closed without one
  std::string message;
};

// Whom a server believes, and who may believe it.
struct Security {
  std::optional<ServerTlsOptions> tls;
  std::optional<ServerAuthOptions> auth;
};

class Server {
 public:
  struct Options {
    std::string listen_address = "127.0.0.1:12345";  // host:port; port 0 picks one
    std::size_t max_header_bytes = 16 << 10;
    std::size_t max_body_bytes = 4 << 20;
    // When one more comes, one that waits for its peer is closed for it: the oldest whose request has
    // not got a whole head, else the one idle for longest, else the stream that has been still for longest,
    // else the oldest whose body is not whole, else one whose answer has not been taken for a second. When
    // all are being answered the new one gets 503.
    std::size_t max_connections = 512;
    // Of these, streams of events; whoever asks for one more gets 503.
    std::size_t max_streams = 64;
    // A stream without an event for so long gets a comment: what is in between must not think it dead.
    Duration stream_sign_of_life = std::chrono::seconds(15);
    // Of the bodies of all requests that are on their way; one alone may always come.
    std::size_t max_held_bytes = 256 << 20;
    Duration header_timeout = std::chrono::seconds(10);  // TLS and the whole head
    // Between two requests; and each 64 KiB of a body may take so long.
    Duration idle_timeout = std::chrono::seconds(60);
    Duration reply_timeout = std::chrono::seconds(30);
    // How long requests already under way may take when the server is destroyed.
    Duration stop_timeout = std::chrono::seconds(1);
    // Host header values to answer besides the listen address, localhost and
    // literal loopback addresses; against DNS rebinding. Empty: any when the server
    // listens on more than loopback.
    std::vector<std::string> allowed_hosts;
    Security security;
    // Called on the server's thread for each; must return at once.
    std::function<void(const TurnedAway&)> on_turned_away;
  };

  // Binds and listens, then serves on a thread of its own.
  static Result<std::unique_ptr<Server>> start(Options options, Handler handler);

  virtual ~Server() = default;  // stops, waits for the thread
  virtual std::uint16_t port() const = 0;
  // For connections that come from now on; passwords for requests. Who has connected while other clients were
  // believed, or by other TLS options, is disconnected, but for a request that is being answered; every
  // stream of events ends. An error changes nothing. Files that the options name are read now: after a change
  // of theirs it is to be called again. A `handler` takes the place of the one before in the same moment. Not
  // to be called by a handler.
  Result<> secure(const Security& security, Handler handler = {});
  // The same in two steps: the first reads the files, which may take its time; the second, for as long as the
  // server lives, takes none.
  using Ready = std::function<void(Handler)>;
  virtual Result<Ready> prepare(const Security& security) = 0;
};

struct ClientRequest {
  std::string method = "GET";
  // http://host[:port]/path, https://…, or unix:///path/to/socket with the HTTP
  // target in `unix_target`.
  std::string url;
  std::string unix_target;
  Headers headers;
  Headers own_headers;  // as well, but for no other server when that redirects
  std::string body;
  TlsOptions tls;
  bool follow_redirects = true;
  ProxyOptions proxy;
  // Its token is the request's Authorization: fetched once for many requests, kept until shortly before it
  // expires, and fetched anew when the server answers 401.
  std::optional<OAuth2Options> oauth2;
  // Zero means none, for each of these.
  Duration connect_timeout = std::chrono::seconds(10);  // name, connection and TLS
  Duration header_timeout = std::chrono::seconds(30);   // from request sent to response head
  Duration idle_timeout = std::chrono::seconds(60);     // between two pieces of the body
  Duration total_timeout = Duration::zero();            // of everything
  // Of a whole (not streamed) body, before and after decompression: gzip is asked
  // for and undone where the headers name no Accept-Encoding of their own.
  std::size_t max_body_bytes = 64 << 20;
};

struct ClientResponse {
  int status = 0;
  Headers headers;
  std::string body;  // empty when streamed
};

// Called on the client's thread; must return at once.
struct ClientEvents {
  std::function<void(const ClientResponse& head)> on_head;  // optional
  // When set, the body is handed over piece by piece and not collected.
  std::function<void(std::string_view piece)> on_data;
  std::function<void(Result<ClientResponse>)> on_done;  // exactly once, unless cancelled
};

// Cancels the request when destroyed; afterwards no event comes: the destructor
// waits for an event that is being delivered on the client's thread (unless it
// runs inside that very event). So do not hold a lock that an event takes.
class Pending {
 public:
  virtual ~Pending() = default;
};

// One thread, made at the first request; connections are kept alive and reused.
// Destroying the client cancels what is under way.
class Client {
 public:
  static std::unique_ptr<Client> create(ProxyEnvironment environment = {});
  virtual ~Client() = default;
  virtual std::unique_ptr<Pending> send(ClientRequest request, ClientEvents events) = 0;
};

}  // namespace weir::net
