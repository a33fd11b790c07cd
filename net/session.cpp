#include "net/session.h"

#include <sys/socket.h>

#include <mutex>
#include <optional>

#include <boost/asio/ip/tcp.hpp>

#include "net/text.h"
#include "net/url.h"

namespace weir::net {

namespace {

constexpr std::size_t kHeadPiece = 2 << 10;
constexpr std::size_t kBodyPiece = 16 << 10;
constexpr std::size_t kLeastProgress = 64 << 10;  // that earns a body or an answer more time

// Where a handler's answer waits for the session, or the session for it.
struct ReplySlot {
  std::mutex mutex;
  bool answered = false;
  Response response;
  asio::steady_timer* waiting = nullptr;  // the server's thread only
};

struct Refusal {
  std::string_view reason;
  int status;
};

Refusal refusal_of(ReadFailure failure) {
  switch (failure) {
    case ReadFailure::header_too_big: return {"head_size", 431};
    case ReadFailure::body_too_big: return {"body_size", 413};
    default: return {"malformed", 400};
  }
}

Response refusal(const Service& service, const RequestReader& reader) {
  auto [reason, status] = refusal_of(reader.failure());
  std::string message = (status == 400 ? "malformed request: " : "request: ") + reader.reason();
  service.turn_away(reason, status, message);
  return Response::text(status, message + "\n");
}

Response too_busy(const Service& service) {
  std::string message = "too many large requests are on their way: try again in a second";
  service.turn_away("memory", 503, message);
  Response response = Response::text(503, message + "\n");
  response.headers.set("Retry-After", "1");
  return response;
}

Response too_many_streams(const Service& service) {
  std::string message = fmt::format("{} streams of events are open already", service.streams);
  service.turn_away("streams", 503, message);
  Response response = Response::text(503, message + "\n");
  response.headers.set("Retry-After", "5");
  return response;
}

Response unauthorized() {
  Response response = Response::text(401, "a user name and a password are needed here\n");
  response.headers.set("WWW-Authenticate", "Basic realm=\"weir\", charset=\"UTF-8\"");
  return response;
}

// How the server counts what check() finds wrong.
std::string_view reason_of(int status) {
  switch (status) {
    case 421: return "host";
    case 401: return "unauthorized";
    case 503: return "outdated";
    default: return "malformed";
  }
}

}  // namespace

Session::Session(Service& service, Socket socket)
    : service_(service),
      stream_(plain_stream(std::move(socket))),
      watch_(stream_->socket().get_executor(), [this] { expire(); }),
      tls_epoch_(service.tls_epoch),
      since_(std::chrono::steady_clock::now()) {
  error_code ignored;
  stream_->socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  place_ = service_.in(stage_).insert(service_.in(stage_).end(), this);
}

Session::~Session() {
  service_.in(stage_).erase(place_);
}

// Also anew: then others of the same stage have been in it for longer.
void Session::enter(Stage stage) {
  if (stage_ == Stage::gone) return;
  auto& to = service_.in(stage);
  to.splice(to.end(), service_.in(stage_), place_);
  stage_ = stage;
  since_ = std::chrono::steady_clock::now();
}

void Session::close() {
  enter(Stage::gone);
  stream_->close();
  if (waiting_reply_) waiting_reply_->cancel();
}

void Session::evict() {
  service_.turn_away("evicted", 0, "closed for a newer connection: there are as many as there may be");
  close();
}

void Session::expire() {
  if (stage_ == Stage::head || stage_ == Stage::body) {
    service_.turn_away("slow_request", 0, "the request did not come in time");
  }
  if (stage_ == Stage::sending) service_.turn_away("slow_reader", 0, "the answer was not taken in time");
  close();
}

// False: it came to nothing.
asio::awaitable<bool> Session::secure() {
  watch_.arm(service_.options.header_timeout);
  Socket& socket = stream_->socket();
  auto [error] = co_await socket.async_wait(Socket::wait_read, kResult);
  unsigned char first = 0;
  constexpr unsigned char kHandshake = 0x16;
  if (error || ::recv(socket.native_handle(), &first, 1, MSG_PEEK | MSG_DONTWAIT) != 1) co_return false;
  if (is_outdated()) co_return false;
  if (first != kHandshake) {
    service_.turn_away("tls", 400, "plain HTTP, and only TLS is spoken here");
    bool sent =
        co_await send(Response::text(400, "only TLS is spoken here: write https:// instead of http://\n"),
                      "GET", AfterReply::close);
    if (sent) co_await linger();
    co_return false;
  }
  stream_ = service_.tls->wrap(std::move(socket));
  Result<> done = co_await stream_->handshake();
  if (!done && stage_ != Stage::gone) service_.turn_away("tls", 0, done.error().message);
  co_return done.has_value();
}

asio::awaitable<void> Session::serve() {
  if (service_.tls) {
    bool is_secure = co_await secure();
    if (!is_secure) co_return;
  }
  bool keep = true;
  std::optional<Response> endless;
  while (keep) {
    RequestReader reader(service_.options.max_header_bytes, service_.options.max_body_bytes);
    Held held(service_);
    Input input = co_await read_request(reader, held);
    if (input == Input::gone) co_return;
    Response response;
    const std::uint64_t epoch = service_.epoch;
    if (input == Input::bad_request) {
      response = refusal(service_, reader);
    } else if (input == Input::refused) {
      response = std::move(refusal_);
    } else if (input == Input::too_busy) {
      response = too_busy(service_);
    } else {
      response = co_await answer(reader);
    }
    if (response.events && reader.request().method != "HEAD") {
      // It would begin where the others have just ended.
      if (service_.stopping || service_.epoch != epoch) co_return;
      if (service_.streams < service_.options.max_streams) {
        endless = std::move(response);
        break;
      }
      response = too_many_streams(service_);
    }
    keep = input == Input::request && reader.keep_alive() && !service_.stopping && !is_outdated() &&
           response.status != 400;
    AfterReply after = keep ? AfterReply::keep_alive : AfterReply::close;
    bool sent = co_await send(response, reader.request().method, after);
    if (!sent) co_return;
  }
  // Out here nothing of the request is held any more, nor counted.
  if (endless) co_return co_await stream(*endless);
  co_await linger();
}

asio::awaitable<void> Session::refuse() {
  // One that would have to be spoken to in TLS first is not worth it.
  if (service_.tls) co_return;
  bool sent = co_await send(Response::text(503, "too many connections\n"), "GET", AfterReply::close);
  if (sent) co_await linger();
}

asio::awaitable<Session::Input> Session::read_request(RequestReader& reader, Held& held) {
  const Server::Options& options = service_.options;
  // An empty line before a request is tolerated (RFC 9112, 2.2).
  if (buffer_.starts_with("\r\n")) buffer_.erase(0, 2);
  idle_ = buffer_.empty();
  // The server may have begun to stop while the answer before this was on its way.
  if (idle_ && service_.stopping) co_return Input::gone;
  bool is_fresh = std::exchange(first_, false);
  // A fresh one may have used up some of its time in a TLS handshake.
  if (!is_fresh || !service_.tls)
    watch_.arm(idle_ && !is_fresh ? options.idle_timeout : options.header_timeout);
  if (!is_fresh) enter(idle_ ? Stage::idle : Stage::head);
  std::size_t piece = kHeadPiece;
  std::size_t earned = 0;
  for (;;) {
    if (!buffer_.empty()) {
      std::size_t used = 0;
      ReadState state = reader.feed(buffer_, used);
      buffer_.erase(0, used);
      if (!held.grow_to(reader.body_bytes())) co_return Input::too_busy;
      if (reader.body_bytes() >= earned + kLeastProgress) {
        earned = reader.body_bytes();
        watch_.arm(options.idle_timeout);
      }
      if (state == ReadState::done) break;
      if (state == ReadState::failed) co_return Input::bad_request;
      if (state == ReadState::head_done) {
        piece = kBodyPiece;
        Input begun = co_await begin_body(reader);
        if (begun != Input::request) co_return begun;
        continue;
      }
    }
    bool more = co_await read_more(piece);
    if (!more) co_return Input::gone;
    if (std::exchange(idle_, false)) {
      watch_.arm(options.header_timeout);
      enter(Stage::head);
    }
  }
  idle_ = false;
  watch_.disarm();
  if (buffer_.empty() && buffer_.capacity() > 2 * kHeadPiece) buffer_.shrink_to_fit();
  co_return Input::request;
}

// Nobody's body is read who may not send one.
asio::awaitable<Session::Input> Session::begin_body(RequestReader& reader) {
  refusal_ = judge(reader);
  if (refusal_.status != 200) co_return Input::refused;
  judged_at_ = service_.epoch;
  if (equal_ignoring_case(reader.request().headers.get("Expect"), "100-continue")) {
    bool written = co_await write("HTTP/1.1 100 Continue\r\n\r\n", {});
    if (!written) co_return Input::gone;
  }
  watch_.arm(service_.options.idle_timeout);
  enter(Stage::body);
  co_return Input::request;
}

asio::awaitable<bool> Session::read_more(std::size_t bytes) {
  std::size_t old_size = buffer_.size();
  buffer_.resize(old_size + bytes);
  Moved moved = co_await stream_->read_some(asio::buffer(buffer_.data() + old_size, bytes));
  buffer_.resize(old_size + moved.bytes);
  co_return !moved.error;
}

Response Session::check(Request& request, bool is_http_1_1) const {
  // Whom the server would let connect now is for it to find out.
  if (is_outdated()) return Response::text(503, "the certificates in use have changed: connect again\n");
  std::size_t hosts = 0;
  for (const auto& [name, value] : request.headers.all()) hosts += equal_ignoring_case(name, "Host") ? 1 : 0;
  if (hosts > 1 || (hosts == 0 && is_http_1_1)) {
    return Response::text(400, "malformed request: exactly one Host header is required\n");
  }
  std::string host(request.headers.get("Host"));
  if (!request.target.starts_with('/') && request.target != "*") {
    // The form that is meant for proxies, which a server must understand too.
    auto url = parse_url(request.target);
    if (!url || url->is_unix()) return Response::text(400, "malformed request: unusable target\n");
    request.target = url->target;
    host = url->authority();
  }
  if (!host.empty() && !service_.hosts.allows(host)) {
    return Response::text(
        421, fmt::format("host \"{}\" is not one this server answers to: name it among the allowed hosts\n",
                         host));
  }
  if (!service_.auth.allows(request)) return unauthorized();
  return {};
}

Response Session::judge(RequestReader& reader) const {
  Response wrong = check(reader.request(), reader.is_http_1_1());
  if (wrong.status != 200) {
    service_.turn_away(reason_of(wrong.status), wrong.status, std::string(trim(wrong.body)));
  }
  return wrong;
}

asio::awaitable<Response> Session::answer(RequestReader& reader) {
  // What has changed while the body came counts for it as well.
  if (std::exchange(judged_at_, 0) != service_.epoch) {
    Response wrong = judge(reader);
    if (wrong.status != 200) co_return wrong;
  }
  enter(Stage::answering);
  Response response = co_await call_handler(reader.request());
  co_return response;
}

asio::awaitable<Response> Session::call_handler(const Request& request) {
  auto slot = std::make_shared<ReplySlot>();
  Reply reply = [slot, gate = service_.gate](Response response) {
    {
      std::lock_guard lock(slot->mutex);
      if (std::exchange(slot->answered, true)) return false;
      slot->response = std::move(response);
    }
    gate->dispatch([slot] {
      if (slot->waiting) slot->waiting->cancel();
    });
    return true;
  };
  std::string failure;
  try {
    service_.handler(request, std::move(reply));
  } catch (const std::exception& error) {
    failure = error.what();
    if (failure.empty()) failure = "unknown";
  }
  if (!failure.empty()) co_return Response::text(500, "internal error: " + failure + "\n");

  auto answered = [&] {
    std::lock_guard lock(slot->mutex);
    return slot->answered;
  };
  if (!answered()) {
    asio::steady_timer timer(stream_->socket().get_executor(), service_.options.reply_timeout);
    slot->waiting = waiting_reply_ = &timer;
    co_await timer.async_wait(kResult);
    slot->waiting = waiting_reply_ = nullptr;
  }
  std::lock_guard lock(slot->mutex);
  if (!std::exchange(slot->answered, true)) {
    std::string message = "no answer within " + format_duration(service_.options.reply_timeout);
    if (stage_ != Stage::gone) service_.turn_away("slow_reply", 503, message);
    co_return Response::text(503, message + "\n");
  }
  co_return std::move(slot->response);
}

asio::awaitable<bool> Session::send(const Response& response, std::string_view method, AfterReply after) {
  std::string head = response_head(response, after);
  bool sent = co_await write(head, method == "HEAD" ? std::string_view() : response_body(response));
  co_return sent;
}

asio::awaitable<bool> Session::write(std::string_view head, std::string_view body) {
  // Per piece, so that a slow reader of something big is served, a stuck one is not.
  watch_.arm(service_.options.idle_timeout);
  enter(Stage::sending);
  for (std::size_t taken = 0; !head.empty() || !body.empty();) {
    Moved moved = co_await stream_->write_some(
        {asio::buffer(head.data(), head.size()), asio::buffer(body.data(), body.size())});
    if (moved.error) co_return false;
    std::size_t of_head = std::min(moved.bytes, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(moved.bytes - of_head);
    taken += moved.bytes;
    if (taken < kLeastProgress) continue;
    taken = 0;
    watch_.arm(service_.options.idle_timeout);
    enter(Stage::sending);
  }
  co_return true;
}

// Closing while the peer still sends would reset the connection and take the
// answer with it; so say we are done and read on for a moment.
asio::awaitable<void> Session::linger() {
  error_code error;
  stream_->socket().shutdown(Socket::shutdown_send, error);
  if (error) co_return;
  enter(Stage::idle);
  watch_.arm(std::chrono::seconds(1));
  constexpr std::size_t kMost = 16 << 20;
  for (std::size_t total = 0; total < kMost;) {
    buffer_.clear();
    bool more = co_await read_more(kBodyPiece);
    if (!more) break;
    total += buffer_.size();
  }
}

}  // namespace weir::net
